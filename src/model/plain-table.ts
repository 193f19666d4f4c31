import type { DatabaseSync } from "node:sqlite";

/** Returns the entry in a database's schema for a table, a view or another object with this name. */
export function schemaEntry(db: DatabaseSync, name: string): Record<string, unknown> | undefined {
  return db.prepare("SELECT type, sql FROM sqlite_schema WHERE lower(name) = ?").get(name);
}

/**
 * Whether a database has an ordinary table with this name. Muster neither reads nor writes contacts in views, in virtual
 * tables, or in tables with generated columns.
 */
export function isPlainTable(db: DatabaseSync, table: string): boolean {
  const found = schemaEntry(db, table);
  const isTable = found?.["type"] === "table" && /^CREATE TABLE/i.test(String(found["sql"]));
  return isTable && columnRows(db, table).every(({ hidden }) => Number(hidden) === 0);
}

/** Returns the columns of a table, including hidden columns. */
export function columnRows(db: DatabaseSync, table: string): Record<string, unknown>[] {
  return db.prepare("SELECT name, hidden FROM pragma_table_xinfo(?)").all(table);
}
