import type { Detail } from "./items.ts";
import { shown } from "./shown.ts";

/** One row; a cell without a value has no entry. */
export type Row = Readonly<Record<string, string>>;

/** Text by column, by key: declared rows, or those of a table. */
export type Rows = Readonly<Record<string, Row>>;

/** More details than a person would read of one table. */
const MANY = 20;

/**
 * Where a table is not as declared: a row that is missing, a cell that is another, or a row that was
 * declared before and is no more. All other rows are the agent's own.
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

/** The first of many details, and one that counts the rest. */
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
