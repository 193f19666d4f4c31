import type { DeclaredNames } from "../check-references.ts";
import type { Fleet } from "../fleet.ts";
import type { Keys } from "../problem.ts";

/** An error or a warning that a lint reports about one place in fleet.yaml. */
export interface Remark {
  readonly keys: Keys;
  readonly sentence: string;
  /** The severity of the remark. If absent, the remark is an error. */
  readonly level?: "warning";
}

/**
 * A rule for the resolved fleet. An entry with another problem is not in the fleet. Its name is in `declared`
 * nevertheless, so that a lint does not report the entry as missing.
 */
export type Lint = (fleet: Fleet, declared: DeclaredNames) => Remark[];
