import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { digestOf } from "../../model/digest.ts";
import type { Host } from "../context.ts";

/** Seconds to wait while another run changes a resource. Such a change can include starting a unit. */
const PATIENCE = 90;

/**
 * Does work under the lock of one resource, so that only one run at a time changes the resource. Stacks that
 * share a host do not wait for each other, because they have different resources.
 *
 * @param id the resource's id
 */
export function withResourceLock<T>(host: Host, id: string, work: () => T): T {
  return withResourceLocks(host, [id], work);
}

/** Does work under the locks of several resources, taken in a fixed order so that runs cannot deadlock. */
export function withResourceLocks<T>(host: Host, ids: readonly string[], work: () => T): T {
  const folder = `${host.paths.lock}.d`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = [...ids].sort().map((id) => `${folder}/${digestOf(id).slice(-32)}`);
  return withLocks(host, files, work);
}

/**
 * Does short work under the host's lock, which protects the data that all stacks share, such as accounts, packages and
 * stored contents. A run that holds a resource's lock can take the host's lock. A run that holds the host's lock must
 * not take another lock.
 */
export function withHostLock<T>(host: Host, work: () => T): T {
  return withLocks(host, [host.paths.lock], work);
}

/**
 * Locks files with flock(1). The kernel releases the locks when this process ends,
 * so a lock cannot become stale.
 */
function withLocks<T>(host: Host, files: readonly string[], work: () => T): T {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  const open: number[] = [];
  try {
    for (const file of files) {
      const fd = openSync(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
      open.push(fd);
      const args = ["-w", String(PATIENCE), "3"];
      const { status, stderr } = host.run("flock", args, { descriptors: [fd], timeout: PATIENCE + 5 });
      if (status !== 0) throw busy(file, stderr);
    }
    return work();
  } finally {
    for (const fd of open.reverse()) closeSync(fd);
  }
}

/**
 * Takes the lock of one resource, without waiting. Unlike `withResourceLock`, the lock can be held during
 * asynchronous work.
 *
 * @returns a function that releases the lock; undefined if another process or request holds the lock
 */
export function tryResourceLock(host: Host, id: string): (() => void) | undefined {
  const folder = `${host.paths.lock}.d`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  const fd = openSync(`${folder}/${digestOf(id).slice(-32)}`, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  const { status } = host.run("flock", ["-n", "3"], { descriptors: [fd] });
  if (status === 0) return () => closeSync(fd);
  closeSync(fd);
  return undefined;
}

function busy(lock: string, stderr: string): MusterError {
  return new MusterError({
    what: "nothing was changed",
    why: stderr.trim() || `another run has held ${lock} for more than ${PATIENCE} s`,
    next: "Run the command again when the other run has ended.",
  });
}
