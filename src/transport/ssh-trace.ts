import { appendFileSync } from "node:fs";

/** Appends one JSON line a connection or request to the file that MUSTER_TRACE names; never contents. */
export function trace(entry: { host: string; op: string; id?: string }): void {
  const file = process.env["MUSTER_TRACE"];
  if (file) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}
