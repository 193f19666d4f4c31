import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import type { Rows } from "../../model/contact-rows.ts";
import { digestOf } from "../../model/digest.ts";
import { type BookRow, type DuplicateContact, findDuplicates } from "../../model/duplicate-contacts.ts";
import { reasonOf } from "../system/error-reason.ts";
import { constraintError, refuseTriggers } from "./repair-table.ts";
import { checkName, KEY, tableColumns } from "./table.ts";

/** The maximum number of groups of duplicates that one request finds or merges. */
const MOST_GROUPS = 200;

/** The duplicates of a table, and a digest of all their rows. */
export interface FoundDuplicates {
  readonly duplicates: readonly DuplicateContact[];
  readonly digest: string;
}

/** A value in a form that JSON can represent. */
type Plain = string | number | null;

/**
 * Finds the duplicates of a table, and merges them if `digest` shows that a person has seen exactly these duplicates.
 * All changes are one transaction.
 *
 * @param digest the digest of the duplicates to merge; if absent, nothing is changed
 * @throws MusterError if the table does not have these duplicates any more
 */
export function mergeDuplicates(
  db: DatabaseSync,
  table: string,
  declared: Rows,
  digest?: string,
): FoundDuplicates {
  if (tableColumns(db, table) === undefined) return { duplicates: [], digest: digestOf("[]") };
  if (digest === undefined) return find(db, table, declared);
  db.exec("BEGIN IMMEDIATE");
  try {
    refuseTriggers(db, table);
    const found = find(db, table, declared);
    if (found.digest !== digest) throw hasChanged(table);
    for (const duplicate of found.duplicates) mergeOne(db, table, duplicate);
    db.exec("COMMIT");
    return found;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw constraintError(table, error) ?? error;
  }
}

function find(db: DatabaseSync, table: string, declared: Rows): FoundDuplicates {
  const rows = readRows(db, table);
  const seen = new Set<string>();
  const book = rows.map(({ id, values }): BookRow => {
    const cells = Object.entries(values).flatMap(([column, value]) =>
      value === null || value === "" ? [] : [[column, String(value)] as const],
    );
    const name = String(values[KEY] ?? "");
    const isDeclared = Object.hasOwn(declared, name) && !seen.has(name);
    seen.add(name);
    const own = isDeclared ? { declared: Object.keys(declared[name] ?? {}) } : {};
    return { id, cells: Object.fromEntries(cells), ...own };
  });
  const duplicates = findDuplicates(book, rowNumberColumn(db, table)).slice(0, MOST_GROUPS);
  return { duplicates, digest: digestOf(JSON.stringify(duplicates)) };
}

/** Reads all rows with all columns. The names of columns are in lower case. */
function readRows(db: DatabaseSync, table: string): { id: number; values: Record<string, Plain> }[] {
  const rows = `SELECT rowid AS muster_row, * FROM "${checkName(table)}" ORDER BY rowid`;
  return preparedRows(db, table, rows).map(({ muster_row: id, ...cells }) => ({
    id: Number(id),
    values: Object.fromEntries(
      Object.entries(cells).map(([column, value]) => [column.toLowerCase(), plain(value)]),
    ),
  }));
}

function preparedRows(db: DatabaseSync, table: string, sql: string): Record<string, unknown>[] {
  try {
    return db.prepare(sql).all();
  } catch (error) {
    if (!/no such column: rowid/.test(reasonOf(error))) throw error;
    const why = "its rows have no numbers (WITHOUT ROWID), so duplicates in it cannot be told apart";
    throw new MusterError({ what: table, why, cause: error });
  }
}

function plain(value: unknown): Plain {
  if (value instanceof Uint8Array) return `base64:${Buffer.from(value).toString("base64")}`;
  return typeof value === "bigint" ? String(value) : (value as Plain);
}

/** Returns the column that is another name of the row's number, such as `id INTEGER PRIMARY KEY`. */
function rowNumberColumn(db: DatabaseSync, table: string): string | undefined {
  const keys = db.prepare("SELECT name, type FROM pragma_table_info(?) WHERE pk > 0").all(table);
  const [key, ...others] = keys;
  const isNumber = others.length === 0 && String(key?.["type"]).toUpperCase() === "INTEGER";
  return isNumber ? String(key?.["name"]).toLowerCase() : undefined;
}

function mergeOne(db: DatabaseSync, table: string, { kept, removed, filled, notes }: DuplicateContact): void {
  const [name, into] = [`"${checkName(table)}"`, kept.id];
  const cellOf = (column: string) => `(SELECT ${quoted(column)} FROM ${name} WHERE rowid = ?)`;
  const copies = filled.map(({ column, from }) => ({ column, value: readCell(db, cellOf(column), from) }));
  for (const { id } of removed) {
    redirect(db, table, id, into);
    db.prepare(`DELETE FROM ${name} WHERE rowid = ?`).run(id);
  }
  for (const { column, value } of copies)
    db.prepare(`UPDATE ${name} SET ${quoted(column)} = ? WHERE rowid = ?`).run(value, into);
  if (notes === undefined) return;
  if (!tableColumns(db, table)?.includes(notes.column))
    db.exec(`ALTER TABLE ${name} ADD COLUMN ${quoted(notes.column)} TEXT`);
  db.prepare(`UPDATE ${name} SET ${quoted(notes.column)} = ? WHERE rowid = ?`).run(notes.text, into);
}

type Cell = string | bigint | number | Uint8Array | null;

function readCell(db: DatabaseSync, cell: string, row: number): Cell {
  return db.prepare(`SELECT ${cell} AS value`).get(row)?.["value"] as Cell;
}

/** Makes the rows of other tables that refer to a row by a foreign key refer to another row. */
function redirect(db: DatabaseSync, table: string, from: number, to: number): void {
  const keys = db
    .prepare(
      `SELECT m.name AS child, f."from" AS source, f."to" AS target
       FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f
       WHERE m.type = 'table' AND lower(f."table") = ?`,
    )
    .all(table);
  for (const { child, source, target } of keys) {
    const column = target === null ? "rowid" : quoted(String(target));
    const cell = `(SELECT ${column} FROM "${table}" WHERE rowid = ?)`;
    const [other, reference] = [quoted(String(child)), quoted(String(source))];
    try {
      db.prepare(`UPDATE ${other} SET ${reference} = ${cell} WHERE ${reference} = ${cell}`).run(to, from);
    } catch (error) {
      const why = `its rows for two duplicates cannot be joined: ${reasonOf(error)}`;
      throw new MusterError({ what: String(child), why, next: "Delete one of these rows.", cause: error });
    }
  }
}

/** Quotes a name in the agent's own schema, which can contain any character. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function hasChanged(table: string): MusterError {
  return new MusterError({
    what: table,
    why: "the contacts have changed since the duplicates were listed",
    next: "Run the command again.",
  });
}
