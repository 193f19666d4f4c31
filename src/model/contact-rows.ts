import type { Detail } from "./items.ts";
import { shownPair } from "./shorten-for-display.ts";

/** One row: maps the name of each column to the text in it. An empty cell has no entry. */
export type Row = Readonly<Record<string, string>>;

/** Maps the key of each row to the row. The rows are either declared or read from a table. */
export type Rows = Readonly<Record<string, Row>>;

/** The columns with addresses. Addresses identify a person or an agent best. */
export const ADDRESS_COLUMNS = ["btc_address", "taproot_address", "stx_address"] as const;

/** The maximum number of differences that are listed for one table. The remaining differences are only counted. */
const MANY = 20;

/**
 * Returns the differences between a table and its declaration: missing rows, different cells, and rows that are no
 * longer declared. Rows that were never declared belong to the agent and are not compared.
 *
 * @param before the rows that were declared before
 */
export function compareRows(declared: Rows, table: ReadonlyMap<string, Row>, before: Rows = {}): Detail[] {
  const left = Object.keys(before).filter((key) => !Object.hasOwn(declared, key) && table.has(key));
  return [
    ...Object.entries(declared).flatMap(([key, wanted]) => compareRow(key, wanted, table.get(key))),
    ...left.map((key) => ({ property: `rows.${key}`, declared: "absent", observed: "present" })),
  ];
}

function compareRow(key: string, wanted: Row, found: Row | undefined): Detail[] {
  if (found === undefined) return [{ property: `rows.${key}`, declared: "present", observed: "absent" }];
  return Object.entries(wanted)
    .filter(([column, text]) => found[column] !== text)
    .map(([column, text]) => {
      const [declared, observed] = shownPair(text, found[column]);
      return { property: `rows.${key}.${column}`, declared, observed };
    });
}

/**
 * Returns the first details, up to the maximum, and then one detail with the number of remaining details.
 *
 * @param property the property to which the details belong
 */
export function shorten(details: readonly Detail[], property: string): Detail[] {
  const rest = details.length - MANY;
  if (rest <= 0) return [...details];
  const more = {
    property,
    declared: `${rest} more values as declared`,
    observed: `${rest} more values that differ`,
  };
  return [...details.slice(0, MANY), more];
}
