import type { Row, Rows } from "./contact-rows.ts";
import type { Detail } from "./items.ts";
import { type FoundRow, matchRows } from "./match-contacts.ts";
import { shownPair } from "./shorten-for-display.ts";

/**
 * Returns the differences between a table and its declaration: missing rows, different cells, and rows that are no
 * longer declared. Rows that were never declared belong to the agent and are not compared.
 *
 * @param before the rows that were declared before
 */
export function compareRows(declared: Rows, table: readonly FoundRow[], before: Rows = {}): Detail[] {
  const found = matchRows(declared, table);
  const left = formerRows(declared, table, before, found);
  return [
    ...Object.entries(declared).flatMap(([key, wanted]) => compareRow(key, wanted, found.get(key))),
    ...left.map(({ name }) => ({ property: `rows.${name}`, declared: "absent", observed: "present" })),
  ];
}

/**
 * Returns the rows that were declared before and are not declared any more: for each name, the first row that no
 * declared contact uses now.
 *
 * @param found the rows of the declared contacts
 */
export function formerRows(
  declared: Rows,
  table: readonly FoundRow[],
  before: Rows,
  found: ReadonlyMap<string, FoundRow>,
): FoundRow[] {
  const names = new Set(Object.keys(before).filter((key) => !Object.hasOwn(declared, key)));
  if (names.size === 0) return [];
  const used = new Set(found.values());
  return table.filter((row) => row.name !== undefined && names.delete(row.name) && !used.has(row));
}

function compareRow(key: string, wanted: Row, found: FoundRow | undefined): Detail[] {
  if (found === undefined) return [{ property: `rows.${key}`, declared: "present", observed: "absent" }];
  const cells: Row = { ...found.cells, ...(found.name !== undefined && { name: found.name }) };
  return Object.entries({ name: key, ...wanted })
    .filter(([column, text]) => cells[column] !== text)
    .map(([column, text]) => {
      const [declared, observed] = shownPair(text, cells[column]);
      return { property: `rows.${key}.${column}`, declared, observed };
    });
}
