import { readFileSync, rmSync } from "node:fs";

/** The numbers of connections and requests from one run to all of its hosts. */
export interface Requests {
  readonly connections: number;
  readonly observing: number;
  readonly changing: number;
}

/**
 * Counts the connections and requests of a run.
 *
 * @param file the path of the trace file. The run writes this file, because MUSTER_TRACE contains the path. The file is
 *   removed afterwards.
 */
export async function requestsOf(file: string, run: (file: string) => Promise<unknown>): Promise<Requests> {
  rmSync(file, { force: true });
  await run(file);
  const operations = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { op: string }).op);
  rmSync(file);
  const count = (...names: readonly string[]) => operations.filter((op) => names.includes(op)).length;
  return {
    connections: count("connect"),
    observing: count("observe", "ps"),
    changing: count("converge", "remove"),
  };
}
