import { ADDRESS_COLUMNS, type Row, type Rows } from "./contact-rows.ts";

/** A row of a contact book, as it was read from the table. */
export interface FoundRow {
  /** The value in the column `name`; absent if the cell is empty or the table has no such column. */
  readonly name?: string;
  readonly cells: Row;
  /** The row's number in SQLite; absent if the table has no row numbers. */
  readonly id?: number | bigint;
}

/**
 * The ways to recognize a declared contact in a row with another name, the strongest first. A weaker way counts only if
 * the columns in `same` do not differ.
 */
const LEVELS: readonly {
  readonly same: readonly string[];
  readonly key: (cells: Row) => string | undefined;
}[] = [
  ...ADDRESS_COLUMNS.map((column) => ({ same: [], key: (cells: Row) => cells[column] })),
  { same: ADDRESS_COLUMNS, key: (cells) => cells["agent_id"] },
  {
    same: [...ADDRESS_COLUMNS, "agent_id"],
    key: ({ display_name: shown, type }) => (shown && type ? `${shown.toLowerCase()} ${type}` : undefined),
  },
];

/**
 * Finds the row of each declared contact. A row with the contact's name is always its row; if there are several, the
 * first row with the same address or agent id, or otherwise the first row. Without such a row, a row that the agent has
 * added under another name is the contact's row if it has the same address, agent id, or displayed name and type.
 */
export function matchRows(declared: Rows, table: readonly FoundRow[]): Map<string, FoundRow> {
  const named = Map.groupBy(table, ({ name }) => name);
  const found = new Map<string, FoundRow>();
  for (const [key, wanted] of Object.entries(declared)) {
    const row = bestRow(wanted, named.get(key) ?? []);
    if (row !== undefined) found.set(key, row);
  }
  const free = new Set(table.filter(({ name }) => name === undefined || !Object.hasOwn(declared, name)));
  for (const level of LEVELS) matchLevel(declared, free, found, level);
  return found;
}

function bestRow(wanted: Row, rows: readonly FoundRow[]): FoundRow | undefined {
  if (rows.length < 2) return rows[0];
  const isSame = ({ cells }: FoundRow) =>
    [...ADDRESS_COLUMNS, "agent_id"].some((column) => cells[column] && cells[column] === wanted[column]);
  return rows.find(isSame) ?? rows[0];
}

/** Matches the contacts that have no row yet, and takes their rows out of `free`. */
function matchLevel(
  declared: Rows,
  free: Set<FoundRow>,
  found: Map<string, FoundRow>,
  { same, key }: (typeof LEVELS)[number],
): void {
  const missing = Object.entries(declared).filter(([name]) => !found.has(name));
  if (missing.length === 0 || free.size === 0) return;
  const rows = Map.groupBy(free, ({ cells }) => key(cells));
  for (const [name, wanted] of missing) {
    const wantedKey = key(wanted);
    if (!wantedKey) continue;
    const row = rows.get(wantedKey)?.find((one) => free.has(one) && !differs(wanted, one.cells, same));
    if (row === undefined) continue;
    found.set(name, row);
    free.delete(row);
  }
}

function differs(wanted: Row, cells: Row, columns: readonly string[]): boolean {
  return columns.some((column) => wanted[column] && cells[column] && wanted[column] !== cells[column]);
}
