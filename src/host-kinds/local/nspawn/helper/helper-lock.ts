import { join } from "node:path";
import { withProcessLock } from "../../../../base/process-lock.ts";

/** The folder of the lock files. A reboot empties it, and also ends all processes that could hold a lock. */
const LOCKS = "/run/muster";

/**
 * Runs `work` while holding the machine-wide lock with this name.
 *
 * @param waiting called once with the ID of the process that holds the lock, if we have to wait for it
 */
export function withHelperLock<T>(
  name: string,
  work: () => Promise<T>,
  waiting: (pid: number) => void = () => undefined,
): Promise<T> {
  return withProcessLock(join(LOCKS, `${name}.lock`), waiting, work);
}
