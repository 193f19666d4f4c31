import type { DeclaredNames } from "../check-references.ts";
import type { Fleet } from "../fleet.ts";
import type { Keys } from "../problem.ts";

/** What a lint reports about one place in fleet.yaml. */
export interface Remark {
  readonly keys: Keys;
  readonly sentence: string;
  /** If absent, the remark is an error. */
  readonly level?: "warning";
}

/**
 * A rule for the resolved fleet. Entries with other problems are not in the fleet, but their names are in
 * `declared`, so that a lint does not report them as missing.
 */
export type Lint = (fleet: Fleet, declared: DeclaredNames) => Remark[];
