import { join } from "node:path";
import { withProcessLock } from "../../../../base/process-lock.ts";

/** Gone with a reboot of the machine, as are the processes that could hold a lock. */
const LOCKS = "/run/muster";

/**
 * Runs `work` while no other process on this machine holds the lock of this name.
 *
 * @param waiting called once with the holder's process id when there is one to wait for
 */
export function withHelperLock<T>(
  name: string,
  work: () => Promise<T>,
  waiting: (pid: number) => void = () => undefined,
): Promise<T> {
  return withProcessLock(join(LOCKS, `${name}.lock`), waiting, work);
}
