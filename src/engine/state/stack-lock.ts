import { hostname } from "node:os";
import { exists, processStatus, startTime } from "../../base/proc-stat.ts";

/** The state of the run that holds a lock: still running, killed, or not visible from this machine. */
export type LockHolder = "alive" | "dead" | "unseen";

/** One of the engine's locks on a stack (pkg/backend/diy/lock.go). */
export interface StackLock {
  /**
   * The path of the lock's file, or the lock's place in a shared state as the engine reports it. Empty if the run might
   * not have taken its lock yet.
   */
  readonly place: string;
  readonly username: string;
  readonly hostname: string;
  readonly pid: number;
  /** The time when the lock was taken, in ISO 8601. */
  readonly timestamp: string;
  readonly holder: LockHolder;
}

/** The data about its own process that an engine writes into its lock. */
export type LockOwner = Omit<StackLock, "place" | "holder">;

/**
 * The maximum number of milliseconds by which a change of the clock shifts start times. Process ids are not reused
 * within this time.
 */
const CLOCK_MARGIN = 60_000;

/**
 * Checks the holder of a lock on a state that only this machine writes. The holder is dead if the lock is complete, and
 * if its process does not exist, is not a `pulumi`, or started after the lock was taken.
 */
export function holderHere({ hostname: host, pid, timestamp }: LockOwner): LockHolder {
  const since = Date.parse(timestamp);
  if (host !== hostname() || !(pid > 0) || Number.isNaN(since)) return "unseen";
  if (!exists(pid)) return "dead";
  const status = processStatus(pid);
  if (status === undefined) return "alive";
  const isOther = status.zombie || status.name !== "pulumi" || startTime(status) > since + CLOCK_MARGIN;
  return isOther ? "dead" : "alive";
}

/** Describes the run that took a lock: `ann@laptop (process 4711)`. */
export function lockOwner({ username, hostname: host, pid }: StackLock): string {
  return `${username}@${host} (process ${pid})`;
}

/** Returns the time when a lock was taken, without fractions of a second. */
export function takenAt({ timestamp }: StackLock): string {
  return timestamp.replace(/\.\d+/, "");
}
