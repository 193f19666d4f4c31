import { lstatSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import type { TaskRoute } from "../../model/routes.ts";
import { hasCode, pause, reasonOf } from "../system/error-reason.ts";
import { guardTriggers } from "./guard.ts";

/** The version of the schema, in SQLite's user_version. docs/day-two.md describes the schema. */
const VERSION = 2;

/** Milliseconds to wait for the transactions of other writers. */
const BUSY = 20_000;

/** The maximum size of a text in bytes. */
export const MOST_TASK_BYTES = 1024 * 1024;

const plainText = (column: string) =>
  `CHECK (instr(CAST(${column} AS BLOB), x'00') = 0 AND length(CAST(${column} AS BLOB)) <= ${MOST_TASK_BYTES})`;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT UNIQUE,
  subject TEXT NOT NULL ${plainText("subject")},
  description TEXT NOT NULL DEFAULT '' ${plainText("description")},
  priority INTEGER NOT NULL DEFAULT 5 CHECK (priority BETWEEN 1 AND 9),
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'active', 'done', 'failed', 'misrouted', 'handing-off', 'handed-off')),
  result TEXT,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  started_at TEXT,
  ended_at TEXT
);
CREATE INDEX IF NOT EXISTS tasks_pending ON tasks (priority, id) WHERE status = 'pending';
CREATE TABLE IF NOT EXISTS handoffs (
  id TEXT PRIMARY KEY,
  task_id INTEGER NOT NULL,
  target TEXT NOT NULL,
  subject TEXT NOT NULL,
  description TEXT NOT NULL,
  priority INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'withdrawing', 'delivered', 'withdrawn')),
  remote_id INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  ended_at TEXT
);
CREATE TABLE IF NOT EXISTS messages (
  id TEXT PRIMARY KEY,
  target TEXT NOT NULL,
  text TEXT NOT NULL,
  verdict TEXT,
  detail TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  ended_at TEXT
);
CREATE TABLE IF NOT EXISTS muster_guard (words TEXT NOT NULL);
PRAGMA user_version = ${VERSION};
`;

/** Returns the path of the queue in the home of an agent. */
export function queuePath(home: string): string {
  return `${home}/.muster/tasks.db`;
}

/**
 * Opens an agent's queue with the rights of the agent, and creates it if it is missing. Restores the guard if somebody
 * has changed it.
 *
 * @throws MusterError if something other than a queue is at the path, or if a newer version of Muster created the queue
 */
export function withQueue<T>(
  path: string,
  routes: readonly TaskRoute[],
  agent: string,
  use: (db: DatabaseSync) => T,
): T {
  refuseOther(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  try {
    const db = new DatabaseSync(path, { allowExtension: false, timeout: BUSY });
    try {
      prepareQueue(db, path, guardTriggers(routes, agent));
      return use(db);
    } finally {
      db.close();
    }
  } catch (error) {
    throw error instanceof MusterError || !isDatabaseError(error) ? error : unusable(path, error);
  }
}

/** Runs `work` in one transaction. The transaction begins as a writer, so that two writers never deadlock. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function prepareQueue(db: DatabaseSync, path: string, triggers: Readonly<Record<string, string>>): void {
  db.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL");
  const version = versionOf(db);
  if (version > VERSION) {
    const why = `its schema has version ${version}, which a newer version of Muster has created`;
    throw new MusterError({ what: path, why, next: "Run `npx pulumi up` with that version." });
  }
  if (version === VERSION && isGuarded(db, triggers)) return;
  if (version === 0) useWal(db);
  inTransaction(db, () => {
    db.exec(SCHEMA);
    if (isGuarded(db, triggers)) return;
    for (const name of Object.keys(guardOf(db)))
      if (name !== "muster_guard") db.exec(`DROP TRIGGER "${name}"`);
    for (const sql of Object.values(triggers)) db.exec(sql);
  });
}

/** Switches to the write-ahead log. While another process also switches, SQLite refuses the switch without waiting. */
function useWal(db: DatabaseSync): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      db.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (attempt === 200 || !/locked|busy/.test(reasonOf(error))) throw error;
      pause(25);
    }
  }
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
}

function isGuarded(db: DatabaseSync, triggers: Readonly<Record<string, string>>): boolean {
  const { muster_guard: table, ...existing } = guardOf(db);
  const names = new Set([...Object.keys(existing), ...Object.keys(triggers)]);
  return table !== undefined && [...names].every((name) => existing[name] === triggers[name]);
}

/** Returns the guard's triggers and the guard's own table as they are in the database, by name. */
function guardOf(db: DatabaseSync): Record<string, string> {
  const query =
    "SELECT name, sql FROM sqlite_schema WHERE name = 'muster_guard' OR (type = 'trigger' AND name GLOB 'muster_guard_*')";
  const rows = db.prepare(query).all();
  return Object.fromEntries(rows.map(({ name, sql }) => [String(name), String(sql)]));
}

function refuseOther(path: string): void {
  try {
    if (lstatSync(path).isFile()) return;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  throw new MusterError({
    what: path,
    why: "it is not a file",
    next: "Move it away. The next command creates a new queue.",
  });
}

function isDatabaseError(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ERR_SQLITE_ERROR";
}

/** Returns an error that names the queue. If the guard refuses a task, the error keeps the guard's own message. */
function unusable(path: string, error: unknown): MusterError {
  const why = reasonOf(error);
  const isBroken = /not a database|malformed|no such column|no such table/.test(why);
  const next = "Move it away. The next command creates a new queue.";
  return new MusterError({ what: path, why, cause: error, ...(isBroken && { next }) });
}
