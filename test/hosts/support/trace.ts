import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./project.ts";

export interface TraceEntry {
  readonly host: string;
  readonly op: string;
}

/** A record of the connections and requests that a run sends to hosts, in their order. */
export interface Trace {
  /** The environment variables that make a command record its requests. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns the entries since the last call. */
  take(): TraceEntry[];
}

export function traceOf(project: Project): Trace {
  const file = join(project.dir, "trace.jsonl");
  return {
    env: { MUSTER_TRACE: file },
    take: () => {
      const text = existsSync(file) ? readFileSync(file, "utf8") : "";
      rmSync(file, { force: true });
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as TraceEntry);
    },
  };
}
