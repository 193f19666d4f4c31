import {
  chownSync,
  existsSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { at, type Entry, type Handle } from "../fs/open-without-symlinks.ts";
import { hasCode } from "../system/error-reason.ts";
import type { Snapshot } from "./snapshot.ts";

/** Milliseconds to wait for an agent's own transaction to end. */
const BUSY = 5000;

/** SQLite's result codes for a damaged database, and for a file that is not a database. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** Calls `use` with a copy of a database in a folder that only root can access, then deletes the copy. */
export function withCopy<T>(host: Host, copy: Snapshot, use: (db: DatabaseSync) => T): T {
  return withCopiedFiles(host, copy, undefined, (path) => using(open(path), use));
}

/**
 * Like `withCopy`, but calls `use` with the path of the copy.
 *
 * @param owner the account that can access the copy; if undefined, only this process's own user can access it
 */
export function withCopiedFiles<T>(
  host: Host,
  { main, wal }: Snapshot,
  owner: Account | undefined,
  use: (path: string) => T,
): T {
  const dir = `${host.paths.scratch}/${COPY}${process.pid}`;
  for (const left of copiesLeft(host)) rmSync(left, { recursive: true, force: true });
  mkdirSync(dir, { mode: 0o700 });
  try {
    writeFileSync(`${dir}/copy`, main);
    if (wal.length > 0) writeFileSync(`${dir}/copy-wal`, wal);
    if (owner !== undefined) {
      for (const name of ["", ...readdirSync(dir)]) chownSync(join(dir, name), owner.uid, owner.gid);
    }
    return use(`${dir}/copy`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * The prefix of the name of a copy's folder. The process's PID follows the prefix. This name is unique, because a
 * process has only one copy at a time.
 */
const COPY = "muster-copy-";

/**
 * Finds copies that killed runs have left: copies whose process has ended, and copies with this process's own PID,
 * because an earlier process must have created them.
 */
function copiesLeft({ paths: { scratch } }: Host): string[] {
  return readdirSync(scratch)
    .filter((name) => name.startsWith(COPY) && !isOtherProcess(name.slice(COPY.length)))
    .map((name) => `${scratch}/${name}`);
}

function isOtherProcess(pid: string): boolean {
  return pid !== String(process.pid) && existsSync(`/proc/${pid}`);
}

/** Returns the bytes of an open copy, including the changes in its write-ahead log. */
export function bytesOf(copy: DatabaseSync): Buffer {
  copy.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return readFileSync(copy.location() ?? "");
}

/**
 * Opens an agent's own database for changes. Must be called with the agent's rights.
 *
 * @param entry the file that was checked; SQLite opens the file again by its name, so this function verifies
 * that it is the same file
 */
export function withDatabase<T>(folder: Handle, name: string, entry: Entry, use: (db: DatabaseSync) => T): T {
  const before = descriptorsOn(entry);
  const path = at(folder, name).split("/").map(encodeURIComponent).join("/");
  return using(open(`file:${path}?mode=rw`), (db) => {
    if (descriptorsOn(entry) <= before) throw wasReplaced(name);
    return use(db);
  });
}

/** Whether SQLite failed because the bytes are not a valid database. */
export function isCorrupt(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && [CORRUPT, NOT_A_DATABASE].includes(errcode & 0xff);
}

function open(path: string): DatabaseSync {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const db = new DatabaseSync(path, {
    allowExtension: false,
    enableDoubleQuotedStringLiterals: false,
    enableForeignKeyConstraints: false,
    readBigInts: true,
    timeout: BUSY,
  });
  db.enableDefensive(true);
  db.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;");
  return db;
}

function using<T>(db: DatabaseSync, use: (db: DatabaseSync) => T): T {
  try {
    return use(db);
  } finally {
    db.close();
  }
}

/** Returns how many descriptors of this process refer to exactly the file that was checked. */
function descriptorsOn(entry: Entry): number {
  return readdirSync("/proc/self/fd").filter((fd) => refersTo(Number(fd), entry)).length;
}

function refersTo(fd: number, { stats }: Entry): boolean {
  try {
    const { dev, ino } = fstatSync(fd);
    return dev === stats.dev && ino === stats.ino;
  } catch (error) {
    // The descriptor that was used to list the folder is already closed.
    if (hasCode(error, "EBADF")) return false;
    throw error;
  }
}

function wasReplaced(name: string): MusterError {
  return new MusterError({ what: name, why: "it was replaced by another file while it was being opened" });
}
