import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The pid of a host's supervisor, if it lives. The file `pid` is a copy of its own /proc/<pid>/stat: the start
 * time in it tells the supervisor from a later process with the same pid, also after a reboot of the machine.
 */
export function supervisorPid(hostDir: string): number | undefined {
  const recorded = stat(join(hostDir, "pid"));
  if (recorded === undefined) return undefined;
  const now = stat(`/proc/${recorded.pid}/stat`);
  const alive = now !== undefined && now.started === recorded.started && now.state !== "Z";
  return alive ? recorded.pid : undefined;
}

interface Stat {
  readonly pid: number;
  readonly state: string;
  /** Clock ticks from the machine's boot to the start of the process. */
  readonly started: string;
}

/** Reads the form of /proc/<pid>/stat, see proc(5): the fields after the name in brackets, which may hold anything. */
function stat(file: string): Stat | undefined {
  const text = readText(file);
  const [state, ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const started = rest[18];
  if (state === undefined || started === undefined) return undefined;
  return { pid: Number.parseInt(text, 10), state, started };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
