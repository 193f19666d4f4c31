import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import type { Row, Rows } from "../../model/contact-rows.ts";

/** The column that contains a row's name, which identifies the row. */
export const KEY = "name";

/** Time limit in milliseconds for reading one table, whose pages come from an agent and may form a cycle. */
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

/** Checks and returns a name that will be used in SQL text. @throws MusterError if it is not safe */
export function checkName(name: string): string {
  if (/^[a-z_]+$/.test(name)) return name;
  throw new MusterError({
    what: JSON.stringify(name),
    why: "the name of a table or column may contain only a-z and _",
  });
}

/**
 * Returns the columns of a plain table; undefined if there is no such table.
 *
 * @throws MusterError if the name belongs to a view, a virtual table or something similar
 */
export function tableColumns(db: DatabaseSync, table: string): string[] | undefined {
  const found = db.prepare("SELECT type, sql FROM sqlite_schema WHERE lower(name) = ?").get(checkName(table));
  if (found === undefined) return undefined;
  const isPlain = found["type"] === "table" && /^CREATE TABLE/i.test(String(found["sql"]));
  const columns = isPlain ? db.prepare("SELECT name, hidden FROM pragma_table_xinfo(?)").all(table) : [];
  if (!isPlain || columns.some(({ hidden }) => hidden !== 0n)) {
    throw new MusterError({ what: table, why: `${table} is not a plain table` });
  }
  return columns.map(({ name }) => String(name).toLowerCase());
}

/** Reads all rows of a table, but only those of the given columns that it has. @returns the rows by key */
export function readTable(db: DatabaseSync, table: string, columns: readonly string[]): Map<string, Row> {
  const existing = tableColumns(db, table) ?? [];
  const named = columns.filter((column) => existing.includes(column));
  const rows = new Map<string, Row>();
  if (!existing.includes(KEY)) return rows;
  const deadline = Date.now() + PATIENCE;
  for (const row of db.prepare(`SELECT ${quoted([KEY, ...named])} FROM "${checkName(table)}"`).iterate()) {
    rows.set(String(row[KEY]), toRow(row, named));
    if (Date.now() > deadline)
      throw new MusterError({ what: table, why: `it could not be read within ${PATIENCE / 1000} s` });
  }
  return rows;
}

/** Whether a database contains data that its agent has added, in addition to the declared rows of a table. */
export function hasOtherData(db: DatabaseSync, table: string, declared: Rows): boolean {
  const others =
    "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND lower(name) NOT IN (?, 'sqlite_sequence')";
  if (db.prepare(others).get(table)?.["n"] !== 0n) return true;
  return [...readTable(db, table, []).keys()].some((key) => !Object.hasOwn(declared, key));
}

/** Returns column names as a list in SQL text, each of them quoted. */
export function quoted(columns: readonly string[]): string {
  return columns.map((column) => `"${checkName(column)}"`).join(", ");
}

function toRow(row: Readonly<Record<string, unknown>>, columns: readonly string[]): Row {
  const values = columns.filter((column) => row[column] !== null);
  return Object.fromEntries(values.map((column) => [column, String(row[column])]));
}
