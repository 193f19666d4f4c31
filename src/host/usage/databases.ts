import { SESSIONS_QUERY, type SessionTotals, totalsIn } from "./hermes-record.ts";
import type { Json } from "./json.ts";
import { type Budget, recordFile, recordFiles } from "./read-lines.ts";

/** The database of Hermes, and the folder with the databases of OpenClaw, relative to the home. */
const HERMES = ".hermes/state.db";
const OPENCLAW = ".openclaw/agents";

/** A database of a runtime. */
export interface Database {
  readonly kind: "hermes" | "openclaw";
  /** Relative to the home. */
  readonly path: string;
  /** Only rows that are not older than this time are read. In milliseconds since 1970. */
  readonly since: number;
}

/** The rows of a database that were read. */
export interface DatabaseRows {
  readonly path: string;
  /** The time of the last row in milliseconds since 1970. */
  readonly until: number;
  /** The sessions of Hermes. */
  readonly sessions: readonly SessionTotals[];
  /** The messages of OpenClaw, as lines in the format of pi. */
  readonly lines: readonly string[];
}

/** The maximum numbers of databases, of rows and of characters in a row that one run reads. */
const MOST_DATABASES = 10;
const MOST_ROWS = 500;
const MOST_CHARACTERS = 256 * 1024;

const MESSAGES_QUERY = `SELECT event_json, created_at FROM transcript_events
  WHERE created_at >= ? AND event_json LIKE '%"role":"assistant"%' AND length(event_json) < ${MOST_CHARACTERS}
  ORDER BY created_at LIMIT ?`;

/** Lists the databases in a home. @param since the time of the last row that was read, by path */
export function databasesIn(
  home: string,
  since: Readonly<Record<string, number>>,
  budget: Budget,
): Database[] {
  const openclaw = recordFiles(home, OPENCLAW, 2, "openclaw-agent.sqlite", budget);
  const hermes = recordFile(home, HERMES) === undefined ? [] : [{ kind: "hermes" as const, path: HERMES }];
  const all = [...hermes, ...openclaw.map(({ path }) => ({ kind: "openclaw" as const, path }))];
  return all.slice(0, MOST_DATABASES).map((one) => ({ ...one, since: since[one.path] ?? 0 }));
}

/**
 * Reads the new rows of databases. Must run in a process of the agent's user, because the databases belong to the agent.
 * A database that cannot be read has no rows.
 */
export function readDatabases(home: string, databases: readonly Database[]): DatabaseRows[] {
  return databases.flatMap((one) => {
    try {
      return [readDatabase(home, one)];
    } catch {
      return [];
    }
  });
}

function readDatabase(home: string, { kind, path, since }: Database): DatabaseRows {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const db = new DatabaseSync(`${home}/${path}`, { readOnly: true, allowExtension: false, timeout: 2000 });
  try {
    db.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;");
    if (kind === "hermes") {
      const sessions = db
        .prepare(SESSIONS_QUERY)
        .all(since / 1000, MOST_ROWS)
        .flatMap((row) => totalsIn(row as Json));
      return { path, until: Math.max(since, ...sessions.map(({ at }) => at)), sessions, lines: [] };
    }
    const rows = db.prepare(MESSAGES_QUERY).all(since, MOST_ROWS);
    const times = rows.map((row) => Number(row["created_at"])).filter(Number.isFinite);
    const lines = rows.map((row) => String(row["event_json"]));
    return { path, until: Math.max(since, ...times), sessions: [], lines };
  } finally {
    db.close();
  }
}
