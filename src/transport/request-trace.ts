import { appendFileSync } from "node:fs";

/**
 * Appends a JSON line for a connection or a request to the file that MUSTER_TRACE names. The line does not contain the
 * content of the request. Does nothing if MUSTER_TRACE is not set.
 */
export function trace(entry: { host: string; op: string; id?: string }): void {
  const file = process.env["MUSTER_TRACE"];
  if (file) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}
