import type { Detail } from "./items.ts";
import { shown } from "./shown.ts";

/** One row: the text of each column by the column's name. An empty cell has no entry. */
export type Row = Readonly<Record<string, string>>;

/** Rows by key, either as declared or as read from a table. */
export type Rows = Readonly<Record<string, Row>>;

/** The maximum number of differences that are listed for one table. The rest are only counted. */
const MANY = 20;

/**
 * Returns how a table differs from its declaration: missing rows, different cells, and rows that are no
 * longer declared. All other rows belong to the agent.
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
    .map(([column, text]) => ({
      property: `rows.${key}.${column}`,
      declared: shown(text),
      observed: shown(found[column]),
    }));
}

/** Returns the first details, followed by one that counts the rest. */
export function shorten(details: readonly Detail[]): Detail[] {
  const rest = details.length - MANY;
  if (rest <= 0) return [...details];
  const more = {
    property: "rows",
    declared: `${rest} more as declared`,
    observed: `${rest} more that differ`,
  };
  return [...details.slice(0, MANY), more];
}
