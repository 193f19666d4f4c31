import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import type { Row, Rows } from "../../model/contact-rows.ts";
import { checkName, columnsOf, KEY, quoted, readTable, tableColumns } from "./table.ts";

/**
 * Writes the declared rows in one transaction, and changes only cells that differ.
 *
 * @param before the rows that were last applied; those that are no longer declared are deleted, all others
 * are kept
 */
export function repairTable(db: DatabaseSync, table: string, declared: Rows, before: Rows): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    refuseTriggers(db, table);
    ensureColumns(db, table, columnsOf(declared));
    const found = readTable(db, table, columnsOf(declared));
    for (const [key, wanted] of Object.entries(declared)) writeRow(db, table, key, wanted, found.get(key));
    const drop = db.prepare(`DELETE FROM "${checkName(table)}" WHERE "${KEY}" = ?`);
    for (const key of Object.keys(before)) if (!Object.hasOwn(declared, key)) drop.run(key);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
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

function writeRow(db: DatabaseSync, table: string, key: string, wanted: Row, found: Row | undefined): void {
  if (found === undefined) {
    const columns = [KEY, ...Object.keys(wanted)];
    const places = columns.map(() => "?").join(", ");
    const insert = db.prepare(`INSERT INTO "${checkName(table)}" (${quoted(columns)}) VALUES (${places})`);
    insert.run(key, ...Object.values(wanted));
    return;
  }
  for (const [column, text] of Object.entries(wanted).filter(([name, value]) => found[name] !== value)) {
    const update = db.prepare(
      `UPDATE "${checkName(table)}" SET "${checkName(column)}" = ? WHERE "${KEY}" = ?`,
    );
    update.run(text, key);
  }
}

/** Refuses a table with triggers: they would run the agent's code in this process, perhaps forever. */
function refuseTriggers(db: DatabaseSync, table: string): void {
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
