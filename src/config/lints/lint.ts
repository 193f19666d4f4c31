import type { DeclaredNames } from "../check-references.ts";
import type { Fleet } from "../fleet.ts";
import type { Keys } from "../problem.ts";

/** What a lint has to say of one place in fleet.yaml. */
export interface Remark {
  readonly keys: Keys;
  readonly sentence: string;
  /** Left out: an error. */
  readonly level?: "warning";
}

/**
 * One rule over the resolved fleet. Entries that are faulty for other reasons are not in it, but their
 * names are in `declared`, so that no lint calls them missing.
 */
export type Lint = (fleet: Fleet, declared: DeclaredNames) => Remark[];
