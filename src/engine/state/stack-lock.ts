import { hostname } from "node:os";
import { exists, processStatus, startTime } from "../../base/processes.ts";

/**
 * What holds a lock: a run that is still running, one that was killed, or one that cannot be seen from here.
 */
export type LockHolder = "alive" | "dead" | "unseen";

/** One of the engine's locks on a stack (its pkg/backend/diy/lock.go). */
export interface StackLock {
  /** The lock's file, or its place in a shared state as the engine names it. */
  readonly place: string;
  readonly username: string;
  readonly hostname: string;
  readonly pid: number;
  /** When it was taken, ISO 8601. */
  readonly timestamp: string;
  readonly holder: LockHolder;
}

/** What the engine writes about itself into a lock. */
export type LockOwner = Omit<StackLock, "place" | "holder">;

/**
 * Milliseconds by which a change of the clock may shift start times. Process ids are not reused that soon.
 */
const CLOCK_MARGIN = 60_000;

/**
 * Checks the holder of a lock on a state that only this machine writes. It is dead if the lock is complete
 * and its process does not exist, is not a `pulumi`, or started after the lock was taken.
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

/** `ann@laptop (process 4711)` */
export function lockOwner({ username, hostname: host, pid }: StackLock): string {
  return `${username}@${host} (process ${pid})`;
}

/** Formats when a lock was taken, to the second. */
export function takenAt({ timestamp }: StackLock): string {
  return timestamp.replace(/\.\d+/, "");
}
