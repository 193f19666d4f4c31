import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import type { Row, Rows } from "../../model/contact-rows.ts";
import type { FoundRow } from "../../model/match-contacts.ts";
import { columnRows, isPlainTable, schemaEntry } from "../../model/plain-table.ts";

/** The column that contains a row's name. The name identifies the row. */
export const KEY = "name";

/**
 * Time limit in milliseconds for reading one table. The agent writes the pages of the table, and these pages can form a
 * cycle.
 */
const PATIENCE = 2000;

/** Parses declared rows from their canonical JSON. @throws MusterError if a column has an invalid name */
export function parseRows(text: string): Rows {
  const rows = JSON.parse(text) as Rows;
  for (const column of columnsOf(rows)) checkName(column);
  return rows;
}

/** Returns the sorted names of all columns that any row has, without the key. */
export function columnsOf(rows: Rows): string[] {
  return [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))].sort();
}

/** Checks and returns a name that will be used in SQL text. @throws MusterError if the name is not safe */
export function checkName(name: string): string {
  if (/^[a-z_][a-z0-9_]*$/.test(name)) return name;
  throw new MusterError({
    what: JSON.stringify(name),
    why: "the name of a table or column must contain only a-z, 0-9 and _, and must not begin with a digit",
  });
}

/** Whether a database contains anything with this name, such as a table or a view. */
export function hasName(db: DatabaseSync, name: string): boolean {
  return schemaEntry(db, checkName(name)) !== undefined;
}

/** Whether a table is exactly as Muster creates it, so that nothing in it can refuse a declared row. */
export function isOwnSchema(db: DatabaseSync, table: string): boolean {
  const query = "SELECT type, name, sql FROM sqlite_schema WHERE lower(tbl_name) = ?";
  const entries = db
    .prepare(query)
    .all(checkName(table))
    .filter(({ sql }) => sql !== null);
  const own = new RegExp(
    `^CREATE TABLE "${table}" \\("${KEY}" TEXT PRIMARY KEY(, "[a-z_][a-z0-9_]*" TEXT)*\\)$`,
  );
  return entries.length === 1 && own.test(String(entries[0]?.["sql"]));
}

/**
 * Returns the columns of a plain table; undefined if there is no such table.
 *
 * @throws MusterError if the name belongs to anything else, such as a view or a virtual table
 */
export function tableColumns(db: DatabaseSync, table: string): string[] | undefined {
  if (!hasName(db, table)) return undefined;
  if (!isPlainTable(db, table)) {
    throw new MusterError({
      what: table,
      why: `${table} is not a plain table, but a view, a virtual table, or a table with generated columns`,
      next: `Rename it, and \`npx pulumi up\` creates a table ${table}.`,
    });
  }
  return columnRows(db, table).map(({ name }) => String(name).toLowerCase());
}

/** Reads the name and the given columns of all rows of a table; skips columns that the table lacks. */
export function readTable(db: DatabaseSync, table: string, columns: readonly string[]): FoundRow[] {
  const existing = tableColumns(db, table) ?? [];
  const named = columns.filter((column) => existing.includes(column));
  const rows: FoundRow[] = [];
  const deadline = Date.now() + PATIENCE;
  for (const row of selectRows(db, table, [...(existing.includes(KEY) ? [KEY] : []), ...named])) {
    const [id, name] = [row["muster_row"], row[KEY] ?? undefined];
    rows.push({
      ...(name !== undefined && { name: String(name) }),
      cells: toRow(row, named),
      ...((typeof id === "number" || typeof id === "bigint") && { id }),
    });
    if (Date.now() > deadline)
      throw new MusterError({ what: table, why: `it could not be read within ${PATIENCE / 1000} s` });
  }
  return rows;
}

function selectRows(db: DatabaseSync, table: string, columns: readonly string[]) {
  const from = `FROM "${checkName(table)}"`;
  const list = columns.length === 0 ? "" : `, ${quoted(columns)}`;
  try {
    return db.prepare(`SELECT rowid AS muster_row${list} ${from} ORDER BY rowid`).iterate();
  } catch {
    // The table has no row numbers.
    return db.prepare(`SELECT NULL AS muster_row${list} ${from}`).iterate();
  }
}

/** Whether a database contains data that its agent has added, in addition to the declared rows of a table. */
export function hasOtherData(db: DatabaseSync, table: string, declared: Rows): boolean {
  const others =
    "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND lower(name) NOT IN (?, 'sqlite_sequence')";
  if (db.prepare(others).get(table)?.["n"] !== 0n) return true;
  return readTable(db, table, []).some(({ name }) => name === undefined || !Object.hasOwn(declared, name));
}

/** Returns column names as a list in SQL text, with each name quoted. */
export function quoted(columns: readonly string[]): string {
  return columns.map((column) => `"${checkName(column)}"`).join(", ");
}

function toRow(row: Readonly<Record<string, unknown>>, columns: readonly string[]): Row {
  const values = columns.filter((column) => row[column] !== null);
  return Object.fromEntries(values.map((column) => [column, String(row[column])]));
}
