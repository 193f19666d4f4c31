import { hostname } from "node:os";
import { exists, processStatus, startTime } from "../../base/processes.ts";

/** Who holds a lock: a run that is seen at work, one that was killed, or one that cannot be seen from here. */
export type LockHolder = "alive" | "dead" | "unseen";

/** One of the engine's locks on a stack (its pkg/backend/diy/lock.go). */
export interface StackLock {
  /** Where the lock lies: a file, or the place in a shared state as the engine names it. */
  readonly place: string;
  readonly username: string;
  readonly hostname: string;
  readonly pid: number;
  /** When it was taken, ISO 8601. */
  readonly timestamp: string;
  readonly holder: LockHolder;
}

/** What the engine writes down of itself in a lock. */
export type LockOwner = Omit<StackLock, "place" | "holder">;

/** A clock that was set while the engine ran moves start times; a holder's id is not used again so soon. */
const CLOCK_MARGIN = 60_000;

/**
 * The holder of a lock on a state that only this machine writes. Dead beyond doubt: the lock is whole, and there is
 * no such process, or one that is no `pulumi`, or a `pulumi` that began after the lock was made.
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

/** When a lock was taken, to the second. */
export function takenAt({ timestamp }: StackLock): string {
  return timestamp.replace(/\.\d+/, "");
}
