import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { digestOf } from "../../model/digest.ts";
import type { Host } from "../context.ts";

/** Seconds to wait for another run's change of one resource, which may wait for a unit to start. */
const PATIENCE = 90;

/**
 * One change at a time of one resource, in all runs: stacks that share a host do not wait for each other.
 *
 * @param id the resource
 */
export function withResourceLock<T>(host: Host, id: string, work: () => T): T {
  return withResourceLocks(host, [id], work);
}

/** The same for several resources, in the same order in every run, so that no two runs wait for each other. */
export function withResourceLocks<T>(host: Host, ids: readonly string[], work: () => T): T {
  const folder = `${host.paths.lock}.d`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = [...ids].sort().map((id) => `${folder}/${digestOf(id).slice(-32)}`);
  return withLocks(host, files, work);
}

/**
 * One change at a time on the whole host, for moments only: of what all stacks share, such as the accounts, the packages
 * and the stored contents. It may be taken within a resource's lock, never the other way round, and not twice.
 */
export function withHostLock<T>(host: Host, work: () => T): T {
  return withLocks(host, [host.paths.lock], work);
}

/** flock(1) locks a descriptor that it shares with this process, so a lock ends with the process and is never stale. */
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

function busy(lock: string, stderr: string): MusterError {
  return new MusterError({
    what: "nothing was changed",
    why: stderr.trim() || `another run holds ${lock} for more than ${PATIENCE} s`,
    next: "Run it again when the other run is done.",
  });
}
