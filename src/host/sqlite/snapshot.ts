import { MusterError } from "../../base/errors.ts";
import { type Entry, type Handle, withEntry } from "../fs/open-without-symlinks.ts";
import { readEntry, typeOf } from "../fs/read.ts";
import { pause } from "../system/error-reason.ts";

/** Suffixes of files that SQLite itself creates and deletes beside a database. These files never count as drift. */
export const SIDE_FILES = ["-wal", "-shm", "-journal"] as const;

/** A database's bytes as they were at one moment. */
export interface Snapshot {
  readonly main: Buffer;
  /** Committed changes that are not in `main` yet. */
  readonly wal: Buffer;
}

/** The maximum number of milliseconds by which the kernel's clock for file times lags. */
const TICK = 12;

/** Milliseconds to wait for a moment at which nobody is writing to the database. */
const PATIENCE = 1000;

/** The first bytes of a rollback journal that is in use. */
const JOURNAL_MAGIC = Buffer.from("d9d505f920a163d7", "hex");

/**
 * Copies a database without SQLite. SQLite would block on a FIFO in the database's place, and would write to the side
 * files. A copy is valid only if nothing was written shortly before or during the read.
 *
 * @throws MusterError if the database is too large or is being written to continuously
 */
export function snapshot(folder: Handle, name: string): Snapshot {
  for (const deadline = Date.now() + PATIENCE; ; pause(TICK)) {
    const before = signature(folder, name);
    const copy = before.isQuiet ? readBoth(folder, name) : undefined;
    if (copy !== undefined && signature(folder, name).text === before.text) return copy;
    if (Date.now() > deadline) throw neverQuiet(name);
  }
}

/** Returns a text with the inode, size and change time of each file. Every write changes this text. */
function signature(folder: Handle, name: string): { text: string; isQuiet: boolean } {
  const stats = ["", "-wal", "-journal"].map((suffix) =>
    withEntry(folder, name + suffix, (entry) => entry?.stats),
  );
  const newest = Math.max(...stats.map((stat) => stat?.ctimeMs ?? 0));
  const text = stats.map((stat) => stat && `${stat.ino}/${stat.size}/${stat.ctimeMs}`).join(" ");
  return { text, isQuiet: Math.abs(Date.now() - newest) > TICK && !hasOpenJournal(folder, name) };
}

function hasOpenJournal(folder: Handle, name: string): boolean {
  return bytesOf(folder, `${name}-journal`).subarray(0, JOURNAL_MAGIC.length).equals(JOURNAL_MAGIC);
}

function readBoth(folder: Handle, name: string): Snapshot {
  return { main: bytesOf(folder, name), wal: bytesOf(folder, `${name}-wal`) };
}

function bytesOf(folder: Handle, name: string): Buffer {
  return withEntry(folder, name, (entry) =>
    isPlain(entry) ? (readEntry(entry) ?? tooLarge(name)) : Buffer.alloc(0),
  );
}

function isPlain(entry: Entry | undefined): entry is Entry {
  return entry !== undefined && typeOf(entry.stats) === "file";
}

function tooLarge(name: string): never {
  throw new MusterError({ what: name, why: `${name} is too large to be read` });
}

function neverQuiet(name: string): MusterError {
  return new MusterError({
    what: name,
    why: `${name} is being written to, or contains an unfinished change`,
  });
}
