import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Kernel clock ticks a second: a constant of Linux's user interface (USER_HZ), whatever the kernel's own rate. */
const TICKS_PER_SECOND = 100;

/** What Linux tells of a process: `start` in clock ticks since the machine's start, `name` of at most 15 characters. */
export interface ProcessStatus {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly zombie: boolean;
  readonly start: string;
}

/**
 * A mark of when a process began; together with its id it names one process for good, as ids are used again.
 *
 * @returns undefined where no such process is to be seen, or where it has ended
 */
export function startMark(pid: number): string | undefined {
  if (process.platform !== "linux") return psStart(pid);
  const status = processStatus(pid);
  return status?.zombie ? undefined : status?.start;
}

/** @returns undefined where no such process is to be seen */
export function processStatus(pid: number): ProcessStatus | undefined {
  return readStatus(`/proc/${pid}/stat`);
}

/**
 * A process's line in the form of proc_pid_stat(5), from /proc or from a copy of it: the id comes first, the name
 * stands in brackets and may hold any byte; field 3, the state, follows it, then the parent, and field 22 is the start.
 *
 * @returns undefined where there is no such file, or nothing of that form in it
 */
export function readStatus(file: string): ProcessStatus | undefined {
  const text = readText(file);
  const end = text.lastIndexOf(")");
  const [state, ...fields] = text.slice(end + 2).split(" ");
  const start = fields[18];
  if (start === undefined) return undefined;
  const name = text.slice(text.indexOf("(") + 1, end);
  return { pid: Number.parseInt(text, 10), parent: Number(fields[0]), name, zombie: state === "Z", start };
}

/** When a process of this machine began, in milliseconds since 1970. Linux only. */
export function startTime(status: ProcessStatus): number {
  const boot = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1];
  return (Number(boot) + Number(status.start) / TICKS_PER_SECOND) * 1000;
}

/** Whether the system has such a process at all, also one that /proc hides from this user. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function psStart(pid: number): string | undefined {
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
