import type { Detail } from "./items.ts";
import { shown } from "./shown.ts";

/** One row; a cell without a value has no entry. */
export type Row = Readonly<Record<string, string>>;

/** Text by column, by key: the declared rows, or the rows of a table. */
export type Rows = Readonly<Record<string, Row>>;

/** More details of one table than a person would read. */
const MANY = 20;

/**
 * Finds where a table is not as declared: a missing row, a different cell, or a row that was declared before and is
 * not any more. All other rows belong to the agent.
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

/** The first details, and one that counts the others. */
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
