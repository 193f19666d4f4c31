import { existsSync, fstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import { at, type Entry, type Handle } from "../fs/walk.ts";
import { hasCode } from "../system/error-reason.ts";
import type { Snapshot } from "./snapshot.ts";

/** Milliseconds to wait for an agent's own change to end. */
const BUSY = 5000;

/** SQLite's result codes for bytes that are not a database, or a damaged one. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** Opens a copy of a database in memory that only root can reach, and deletes it afterwards. */
export function withCopy<T>(host: Host, { main, wal }: Snapshot, use: (db: DatabaseSync) => T): T {
  const dir = `${host.paths.scratch}/${COPY}${process.pid}`;
  for (const left of copiesLeft(host)) rmSync(left, { recursive: true, force: true });
  mkdirSync(dir, { mode: 0o700 });
  try {
    writeFileSync(`${dir}/copy`, main);
    if (wal.length > 0) writeFileSync(`${dir}/copy-wal`, wal);
    return using(open(`${dir}/copy`), use);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The start of a copy's folder's name; the id of the process that has it, one at a time, follows. */
const COPY = "muster-copy-";

/** Copies that killed runs left: those of a process that is no more, or of one before us with our own id. */
function copiesLeft({ paths: { scratch } }: Host): string[] {
  return readdirSync(scratch)
    .filter((name) => name.startsWith(COPY) && !isAnother(name.slice(COPY.length)))
    .map((name) => `${scratch}/${name}`);
}

function isAnother(pid: string): boolean {
  return pid !== String(process.pid) && existsSync(`/proc/${pid}`);
}

/** An open copy's bytes with all its changes in them. */
export function bytesOf(copy: DatabaseSync): Buffer {
  copy.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return readFileSync(copy.location() ?? "");
}

/**
 * Opens an agent's own database to change it; to be called with that agent's rights.
 *
 * @param entry the file that was checked; SQLite opens by name, so what it opened is compared with it
 */
export function withDatabase<T>(folder: Handle, name: string, entry: Entry, use: (db: DatabaseSync) => T): T {
  const before = descriptorsOn(entry);
  const path = at(folder, name).split("/").map(encodeURIComponent).join("/");
  return using(open(`file:${path}?mode=rw`), (db) => {
    if (descriptorsOn(entry) <= before) throw swapped(name);
    return use(db);
  });
}

/** Whether SQLite failed because the bytes are no database. */
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

/** How many of our descriptors are on the very file that was checked. */
function descriptorsOn(entry: Entry): number {
  return readdirSync("/proc/self/fd").filter((fd) => isOn(Number(fd), entry)).length;
}

function isOn(fd: number, { stats }: Entry): boolean {
  try {
    const { dev, ino } = fstatSync(fd);
    return dev === stats.dev && ino === stats.ino;
  } catch (error) {
    // The descriptor that listed the folder is closed by now.
    if (hasCode(error, "EBADF")) return false;
    throw error;
  }
}

function swapped(name: string): MusterError {
  return new MusterError({ what: name, why: "somebody put another file in its place while it was opened" });
}
