import type { DeclaredNames } from "../check-references.ts";
import type { Fleet } from "../fleet.ts";
import type { Keys } from "../problem.ts";

/** The result of a lint for one place in fleet.yaml. */
export interface Remark {
  readonly keys: Keys;
  readonly sentence: string;
  /** Absent: an error. */
  readonly level?: "warning";
}

/**
 * A rule for the resolved fleet. The fleet lacks entries with other problems, but their names are in `declared`, so a lint
 * does not report them as missing.
 */
export type Lint = (fleet: Fleet, declared: DeclaredNames) => Remark[];
