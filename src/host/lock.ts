import { closeSync, constants, openSync } from "node:fs";
import { MusterError } from "../base/errors.ts";
import type { Host } from "./context.ts";

/** Seconds to wait for another run's change of one resource, which may wait for a unit to start. */
const PATIENCE = 90;

/**
 * One change at a time on a host, whoever makes it. flock(1) locks a descriptor that it shares with
 * us, so the lock lasts until we close it or die, and can never be stale.
 */
export function withLock<T>(host: Host, work: () => T): T {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  const fd = openSync(host.paths.lock, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    const args = ["-w", String(PATIENCE), "3"];
    const { status, stderr } = host.run("flock", args, { descriptors: [fd], timeout: PATIENCE + 5 });
    if (status !== 0) throw busy(host.paths.lock, stderr);
    return work();
  } finally {
    closeSync(fd);
  }
}

function busy(lock: string, stderr: string): MusterError {
  return new MusterError({
    what: "nothing was changed",
    why: stderr.trim() || `another run holds ${lock} for more than ${PATIENCE} s`,
    next: "Run it again when the other run is done.",
  });
}
