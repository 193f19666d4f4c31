import type { Declaration } from "./declaration.ts";
import type { Scalar } from "./items.ts";
import { type AgentPart, labelOf, partOf } from "./parts.ts";

/**
 * Why desired and observed differ: `drift` somebody changed the host; `intended` somebody changed
 * fleet.yaml; `both`; `unknown` the host has no record that tells.
 */
export type Cause = "drift" | "intended" | "both" | "unknown";

/** Whose resource it is, and where. */
export interface Place {
  readonly host: string;
  readonly tenant?: string;
  readonly agent?: string;
  readonly service?: string;
  readonly resource: string;
  readonly type: string;
}

/** One property of one item that is not as declared. */
export interface Finding extends Place {
  /** What people call the item. */
  readonly item: string;
  /** The part of an agent that the item belongs to. */
  readonly part?: AgentPart;
  /** A property of the item, or a part of it: `content`, `rows.loom.email`. */
  readonly property: string;
  readonly declared: Scalar;
  readonly observed: Scalar;
  readonly cause: Cause;
  /** The changed lines of a text, `-` declared and `+` observed; never of a secret. */
  readonly lines?: readonly string[];
}

/** The place of a declared resource. */
export function placeOf({ host, tenant, agent, service, id, type }: Declaration): Place {
  return {
    host,
    ...(tenant === undefined ? {} : { tenant }),
    ...(agent === undefined ? {} : { agent }),
    ...(service === undefined ? {} : { service }),
    resource: id,
    type,
  };
}

/** An item as people call it, and the part of an agent that it belongs to. @param name within its resource */
export function itemPlace(name: string): Pick<Finding, "item" | "part"> {
  const part = partOf(name);
  return { item: labelOf(name), ...(part !== undefined && { part }) };
}
