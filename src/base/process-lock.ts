import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "./errors.ts";
import { startMark } from "./proc-stat.ts";

/** The number of milliseconds between attempts to acquire a lock that another process holds. */
const RETRY_EVERY = 100;

/** SQLite's primary result code SQLITE_BUSY. */
const BUSY = 5;

/**
 * Runs `work` while holding a lock that only one process of this machine can hold at a time.
 *
 * The lock is a kernel lock that SQLite takes on `FILE.held`. When the process that holds the lock ends for any reason,
 * the kernel releases the lock. `FILE` contains the id of this process. Both files are removed at the end.
 *
 * @param waiting called once if another process holds the lock, with the id of that process
 * @throws MusterError if the lock file cannot be used
 */
export async function withProcessLock<T>(
  file: string,
  waiting: (pid: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  let announced = false;
  for (;;) {
    const lock = takeLock(file, 0);
    if (lock !== undefined) {
      try {
        return await work();
      } finally {
        releaseLock(file, lock);
      }
    }
    const holder: number | undefined = announced ? undefined : holderOf(file);
    if (holder !== undefined) waiting(holder);
    announced ||= holder !== undefined;
    await sleep(RETRY_EVERY);
  }
}

/**
 * Like `withProcessLock`, but blocks this process until the lock is free. Only for work that takes a few
 * milliseconds.
 *
 * @param what the first part of the error message, such as "the inventory cannot be written"
 * @throws MusterError if another process holds the lock for more than `patience` milliseconds, or if the lock
 *   file cannot be used
 */
export function withProcessLockSync<T>(file: string, what: string, patience: number, work: () => T): T {
  const lock = takeLock(file, patience);
  if (lock === undefined) {
    const holder = holderOf(file);
    throw new MusterError({
      what,
      why: `${holder === undefined ? "another run" : `process ${holder}`} has held the lock for ${patience / 1000} s.`,
      next: "Wait until it ends, then run this again.",
    });
  }
  try {
    return work();
  } finally {
    releaseLock(file, lock);
  }
}

/** Acquires the lock. @returns undefined if another process holds the lock for more than `patience` milliseconds */
function takeLock(file: string, patience: number): DatabaseSync | undefined {
  mkdirSync(dirname(file), { recursive: true });
  for (;;) {
    const path = heldFile(file);
    const before = identityOf(path);
    const lock = openLock(path, patience);
    if (lock === undefined) return undefined;
    // The previous holder might have removed the file that was opened here. Other processes then lock a new file with
    // the same name.
    if (before !== undefined && before === identityOf(path)) {
      rmSync(file, { force: true });
      writeFileSync(file, `${process.pid} ${startMark(process.pid) ?? ""}`);
      return lock;
    }
    lock.close();
  }
}

function openLock(path: string, patience: number): DatabaseSync | undefined {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(path, { timeout: patience });
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === BUSY) return undefined;
    throw new MusterError({
      what: `${path} cannot be locked`,
      why: `${error instanceof Error ? error.message : error}.`,
      next: "Check that this user can write to the file and to its folder.",
      cause: error,
    });
  }
}

function releaseLock(file: string, lock: DatabaseSync): void {
  rmSync(file, { force: true });
  rmSync(heldFile(file), { force: true });
  lock.close();
}

function heldFile(file: string): string {
  return `${file}.held`;
}

/**
 * Returns a text that identifies a file; undefined if the file does not exist. The text contains the file's
 * creation time, because inode numbers are reused.
 */
function identityOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.birthtimeNs}`;
}

/**
 * Returns the id of the process that holds a lock; undefined if the id has not been written yet, or if that
 * process has ended.
 */
function holderOf(file: string): number | undefined {
  try {
    const [pid = "", start = ""] = readFileSync(file, "utf8").split(/ (.*)/);
    return startMark(Number(pid)) === start ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}
