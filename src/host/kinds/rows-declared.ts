import type { Rows } from "../../model/contact-rows.ts";
import type { RowsItem, Scalar } from "../../model/items.ts";
import type { RequestContext } from "../request-context.ts";
import { parseRows } from "../sqlite/table.ts";
import type { ItemState } from "./kind.ts";

/** The rows that a digest names; undefined where their bytes are neither sent nor kept here. */
export function rowsOf(context: RequestContext, digest: Scalar | undefined): Rows | undefined {
  const text = digest === undefined ? undefined : context.contents(String(digest));
  return text === undefined ? undefined : parseRows(text);
}

/** The rows that Muster wrote: those that were applied, and those that a killed run may have written. */
export function rowsBefore(context: RequestContext, { applied, intended }: ItemState<RowsItem>): Rows {
  return { ...rowsOf(context, applied?.["rows"]), ...rowsOf(context, intended?.["rows"]) };
}
