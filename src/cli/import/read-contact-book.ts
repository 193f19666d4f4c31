import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CONTACT_COLUMNS } from "../../config/fleet.ts";
import { isPlainTable } from "../../model/plain-table.ts";

export type Contact = Readonly<Record<string, string>>;

/** The maximum size in bytes of a contact book that is read. The scan returns only a part of a larger book. */
export const MOST_BOOK = 16_000_000;

/**
 * The columns that name other contacts. These columns are not declared, because the named contacts might not be
 * declared.
 */
const REFERENCES: readonly string[] = ["operator", "links"];

/** Marks a name with several rows, because such a contact cannot be declared. */
export const SEVERAL: Contact = {};

/**
 * Reads an agent's own contact book, a SQLite database, and returns the contacts by name. Ignores columns
 * that Muster does not know.
 *
 * @param log the database's write-ahead log, if it has one
 * @returns undefined if the contact book cannot be read
 */
export function contactsIn(book: Buffer, log?: Buffer): Readonly<Record<string, Contact>> | undefined {
  if (book.length > MOST_BOOK || (log?.length ?? 0) > MOST_BOOK) return undefined;
  const dir = mkdtempSync(join(tmpdir(), "muster-book-"));
  try {
    writeFileSync(join(dir, "contacts.db"), book, { mode: 0o600 });
    if (log) writeFileSync(join(dir, "contacts.db-wal"), log, { mode: 0o600 });
    const db = new DatabaseSync(join(dir, "contacts.db"));
    try {
      db.exec("PRAGMA trusted_schema = OFF");
      return rowsIn(db);
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function rowsIn(db: DatabaseSync): Readonly<Record<string, Contact>> | undefined {
  if (!isPlainTable(db, "contacts")) return undefined;
  const known = db.prepare("SELECT name FROM pragma_table_info('contacts')").all();
  const columns = known.map(({ name }) => String(name));
  if (!columns.includes("name")) return undefined;
  const supported = CONTACT_COLUMNS.filter(
    (column) => columns.includes(column) && !REFERENCES.includes(column),
  );
  const rows = db.prepare(`SELECT ${["name", ...supported].join(", ")} FROM contacts ORDER BY name`).all();
  const names = rows.map(({ name }) => String(name));
  const entries = rows.map(({ name, ...row }): [string, Contact] => {
    const filled = Object.entries(row).filter(([, value]) => typeof value === "string" && value !== "");
    return [String(name), Object.fromEntries(filled) as Contact];
  });
  return Object.fromEntries(
    // If several rows have the same name, it is not clear which of these rows a declaration would describe.
    entries.map(([name, row]) => [name, names.indexOf(name) === names.lastIndexOf(name) ? row : SEVERAL]),
  );
}
