import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import { formerRows } from "../../model/compare-contacts.ts";
import type { Row, Rows } from "../../model/contact-rows.ts";
import { type FoundRow, matchRows } from "../../model/match-contacts.ts";
import { checkName, columnsOf, KEY, quoted, readTable, tableColumns } from "./table.ts";

/**
 * Writes the declared rows in one transaction, and changes only cells that differ.
 *
 * @param before the rows that were last applied; rows among these that are no longer declared are deleted,
 * and all other rows are kept
 */
export function repairTable(db: DatabaseSync, table: string, declared: Rows, before: Rows): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    refuseTriggers(db, table);
    ensureColumns(db, table, columnsOf(declared));
    const rows = readTable(db, table, columnsOf(declared));
    const found = matchRows(declared, rows);
    // Deleted first, because a declared contact can get a name or another unique value of a deleted row.
    for (const row of formerRows(declared, rows, before, found)) deleteRow(db, table, row);
    for (const [key, wanted] of Object.entries(declared)) {
      const row = found.get(key);
      if (row === undefined) insertRow(db, table, key, wanted);
      else updateRow(db, table, row, { [KEY]: key, ...wanted });
    }
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw constraintError(table, error) ?? error;
  }
}

/**
 * Returns an SQL condition for a row, and its parameter. If the table has no row numbers, the name is the primary key or
 * a part of it.
 */
function conditionOf({ id, name }: FoundRow): [string, number | bigint | string | null] {
  return id === undefined ? [`"${KEY}" = ?`, name ?? null] : ["rowid = ?", id];
}

function deleteRow(db: DatabaseSync, table: string, row: FoundRow): void {
  const [condition, parameter] = conditionOf(row);
  db.prepare(`DELETE FROM "${checkName(table)}" WHERE ${condition}`).run(parameter);
}

/** SQLite's result code for a violated constraint. */
const CONSTRAINT = 19;

/** Explains which constraint in the agent's own table prevents Muster from writing a declared row. */
export function constraintError(table: string, error: unknown): MusterError | undefined {
  const { errcode, message = "" } = error as { readonly errcode?: number; readonly message?: string };
  if (errcode === undefined || (errcode & 0xff) !== CONSTRAINT) return undefined;
  const [, kind = "", place = ""] = /^(NOT NULL|UNIQUE) constraint failed: (.+)$/.exec(message) ?? [];
  const column = place.replaceAll(`${table}.`, "");
  if (kind === "NOT NULL") {
    return new MusterError({
      what: table,
      why: `its column ${column} must have a value, and the contacts in fleet.yaml have no such field`,
      next: "In the agent's schema, give the column a default value, or allow it to be empty.",
    });
  }
  if (kind === "UNIQUE") {
    return new MusterError({
      what: table,
      why: `a row that the agent has added conflicts with a declared contact: ${column} must be unique`,
      next: "Rename or delete that row, or rename the contact in fleet.yaml.",
    });
  }
  return new MusterError({
    what: table,
    why: `a constraint in the agent's schema refuses a declared contact (${message})`,
    next: "Remove the constraint from the agent's schema.",
  });
}

function ensureColumns(db: DatabaseSync, table: string, columns: readonly string[]): void {
  const existing = tableColumns(db, table);
  if (existing === undefined) {
    const definitions = [
      `"${KEY}" TEXT PRIMARY KEY`,
      ...columns.map((column) => `"${checkName(column)}" TEXT`),
    ];
    db.exec(`CREATE TABLE "${checkName(table)}" (${definitions.join(", ")})`);
    return;
  }
  for (const column of columns.filter((name) => !existing.includes(name))) {
    db.exec(`ALTER TABLE "${checkName(table)}" ADD COLUMN "${checkName(column)}" TEXT`);
  }
}

function insertRow(db: DatabaseSync, table: string, key: string, wanted: Row): void {
  const columns = [KEY, ...Object.keys(wanted)];
  const places = columns.map(() => "?").join(", ");
  const insert = db.prepare(`INSERT INTO "${checkName(table)}" (${quoted(columns)}) VALUES (${places})`);
  insert.run(key, ...Object.values(wanted));
}

/** Changes the cells of a row that differ. */
function updateRow(db: DatabaseSync, table: string, row: FoundRow, wanted: Row): void {
  const [condition, parameter] = conditionOf(row);
  const cells: Row = { ...row.cells, ...(row.name !== undefined && { [KEY]: row.name }) };
  for (const [column, text] of Object.entries(wanted).filter(([name, value]) => cells[name] !== value)) {
    const update = `UPDATE "${checkName(table)}" SET "${checkName(column)}" = ? WHERE ${condition}`;
    db.prepare(update).run(text, parameter);
  }
}

/** Refuses a table with triggers, because the triggers would run the agent's code in this process, perhaps forever. */
export function refuseTriggers(db: DatabaseSync, table: string): void {
  const query = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = ?";
  const trigger = db.prepare(query).get(table);
  if (trigger === undefined) return;
  const why = `the table ${table} has the trigger ${JSON.stringify(trigger["name"])}, which would run on each change`;
  throw new MusterError({
    what: table,
    why,
    next: "Drop the trigger: only Muster should write to this table.",
  });
}
