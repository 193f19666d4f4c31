import type { Scalar } from "./items.ts";

/**
 * Why desired and observed differ: `drift` somebody changed the host; `intended` somebody changed
 * fleet.yaml; `both`; `unknown` the host has no record that tells.
 */
export type Cause = "drift" | "intended" | "both" | "unknown";

/** One property of one item that is not as declared. */
export interface Finding {
  readonly host: string;
  readonly resource: string;
  readonly type: string;
  readonly agent?: string;
  readonly tenant?: string;
  readonly item: string;
  /** A property of the item, or a part of it: `content`, `rows.loom.email`. */
  readonly property: string;
  readonly declared: Scalar;
  readonly observed: Scalar;
  readonly cause: Cause;
}
