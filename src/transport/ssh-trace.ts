import { appendFileSync } from "node:fs";

/**
 * Appends one JSON line for a connection or request, without
 * its contents, to the file that MUSTER_TRACE names.
 */
export function trace(entry: { host: string; op: string; id?: string }): void {
  const file = process.env["MUSTER_TRACE"];
  if (file) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}
