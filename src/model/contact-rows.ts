import type { Detail } from "./items.ts";

/** One row: maps the name of each column to the text in it. An empty cell has no entry. */
export type Row = Readonly<Record<string, string>>;

/** Maps the key of each row to the row. The rows are either declared or read from a table. */
export type Rows = Readonly<Record<string, Row>>;

/** The columns with addresses. Addresses identify a person or an agent best. */
export const ADDRESS_COLUMNS = ["btc_address", "taproot_address", "stx_address"] as const;

/** The maximum number of differences that are listed for one table. The remaining differences are only counted. */
const MANY = 20;

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
