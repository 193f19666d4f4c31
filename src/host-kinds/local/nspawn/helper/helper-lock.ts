import { join } from "node:path";
import { withProcessLock } from "../../../../base/process-lock.ts";

/** The folder of the lock files. A reboot empties this folder, and also ends every process that holds a lock. */
const LOCKS = "/run/muster";

/**
 * Runs `work` while holding the lock with this name. Only one process on this machine can hold the lock.
 *
 * @param waiting called once if another process holds the lock, with the ID of that process
 */
export function withHelperLock<T>(
  name: string,
  work: () => Promise<T>,
  waiting: (pid: number) => void = () => undefined,
): Promise<T> {
  return withProcessLock(join(LOCKS, `${name}.lock`), waiting, work);
}
