import type { Rows } from "../../model/contact-rows.ts";
import type { RowsItem, Scalar } from "../../model/items.ts";
import type { RequestContext } from "../request-context.ts";
import { parseRows } from "../sqlite/table.ts";
import type { ItemState } from "./kind.ts";

/**
 * Returns the rows with a given digest; undefined if they are neither in the request nor stored on this host.
 */
export function rowsOf(context: RequestContext, digest: Scalar | undefined): Rows | undefined {
  const text = digest === undefined ? undefined : context.contents(String(digest));
  return text === undefined ? undefined : parseRows(text);
}

/** Returns the rows that Muster last applied, together with the rows that a killed run may have written. */
export function rowsBefore(context: RequestContext, { applied, intended }: ItemState<RowsItem>): Rows {
  return { ...rowsOf(context, applied?.["rows"]), ...rowsOf(context, intended?.["rows"]) };
}
