import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Clock ticks per second in /proc (USER_HZ): a constant that does not depend on the kernel's timer rate. */
const TICKS_PER_SECOND = 100;

/**
 * The status that Linux reports for a process. `start` is in clock ticks since boot. `name` has at most 15 characters.
 */
export interface ProcessStatus {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly zombie: boolean;
  readonly start: string;
}

/**
 * Returns a text that depends on when a process started. Process ids are reused, but an id together with this
 * text identifies one process.
 *
 * @returns undefined if the process does not exist, has ended or is hidden from this user
 */
export function startMark(pid: number): string | undefined {
  if (process.platform !== "linux") return psStart(pid);
  const status = processStatus(pid);
  return status?.zombie ? undefined : status?.start;
}

/**
 * Reads the status of a process. @returns undefined if the process does not exist or is hidden from this user
 */
export function processStatus(pid: number): ProcessStatus | undefined {
  return readStatus(`/proc/${pid}/stat`);
}

/**
 * Parses a file in the format of proc_pid_stat(5): a file in /proc, or a copy of such a file. The first field is the
 * process id. The second field is the name in parentheses, which can contain any byte. Field 3 is the state, field 4 is
 * the parent's id, and field 22 is the start time.
 *
 * @returns undefined if the file does not exist or has another format
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

/** Returns when a process on this machine started, in milliseconds since 1970. Linux only. */
export function startTime(status: ProcessStatus): number {
  const boot = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1];
  return (Number(boot) + Number(status.start) / TICKS_PER_SECOND) * 1000;
}

/** Whether a process exists. Also returns true for a process that /proc hides from this user. */
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
