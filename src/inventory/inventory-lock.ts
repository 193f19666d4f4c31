import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MusterError } from "../base/errors.ts";

/** Milliseconds that another writer, who needs a few, is waited for. */
const PATIENCE = 10_000;

/**
 * Runs the action while no other process runs one in this project. SQLite's lock on an empty file is the
 * kernel's: it ends with its process, however that ends.
 *
 * @throws MusterError when another process holds the lock for 10 s
 */
export function withInventoryLock<T>(projectDir: string, action: () => T): T {
  const dir = join(projectDir, ".muster");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(join(dir, "inventory.lock"), { timeout: PATIENCE });
  try {
    take(lock);
    return action();
  } finally {
    lock.close();
  }
}

function take(lock: DatabaseSync): void {
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    throw new MusterError({
      what: "the inventory cannot be written",
      why: "another run has held its lock for 10 s.",
      next: "Wait until it ends, then run this again.",
      cause,
    });
  }
}
