import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

/** Gone with a reboot of the machine, as are the processes that could hold a lock. */
const LOCKS = "/run/muster";

/**
 * Runs `work` while no other process on this machine holds the lock of this name. The kernel holds it for a
 * child that ends with us, so a killed run leaves no lock behind.
 *
 * @param waiting is called once when another process holds it
 */
export async function withHelperLock<T>(
  name: string,
  work: () => Promise<T>,
  waiting: () => void = () => undefined,
): Promise<T> {
  mkdirSync(LOCKS, { recursive: true, mode: 0o755 });
  const holder = execa("flock", [join(LOCKS, `${name}.lock`), "cat"], { buffer: false });
  const timer = setTimeout(waiting, 1000);
  holder.stdin.write("locked\n");
  await Promise.race([once(holder.stdout, "data"), holder]);
  clearTimeout(timer);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await holder;
  }
}
