import type { RowsItem, Scalar } from "../../model/items.ts";
import type { Rows } from "../../model/rows.ts";
import { parseRows } from "../sqlite/table.ts";
import type { Scene, Subject } from "./kind.ts";

/** The rows that a digest names; undefined where their bytes are neither sent nor kept here. */
export function rowsOf(scene: Scene, digest: Scalar | undefined): Rows | undefined {
  const text = digest === undefined ? undefined : scene.contents(String(digest));
  return text === undefined ? undefined : parseRows(text);
}

/** The rows that are ours: those that were applied, and those that a killed run may have written already. */
export function rowsBefore(scene: Scene, { applied, intended }: Subject<RowsItem>): Rows {
  return { ...rowsOf(scene, applied?.["rows"]), ...rowsOf(scene, intended?.["rows"]) };
}
