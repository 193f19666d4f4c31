import type { Scalar } from "../../model/items.ts";
import { parseRows, type Rows } from "../sqlite/table.ts";
import type { Scene } from "./kind.ts";

/** The rows that a digest names; undefined where their bytes are neither sent nor kept here. */
export function rowsOf(scene: Scene, digest: Scalar | undefined): Rows | undefined {
  const text = digest === undefined ? undefined : scene.contents(String(digest));
  return text === undefined ? undefined : parseRows(text);
}
