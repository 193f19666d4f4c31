import { type AgentPart, labelOf, partOf } from "./agent-parts.ts";
import type { Declaration } from "./declaration.ts";
import type { Difference } from "./diff.ts";

/** A resource, its host, and the tenant, agent or service to which the resource belongs. */
export interface Place {
  readonly host: string;
  readonly tenant?: string;
  readonly agent?: string;
  readonly service?: string;
  readonly resource: string;
  readonly type: string;
}

/**
 * The kind of drift that is more serious than the name of its property suggests. `BOOT-ENABLE`: the unit does not start
 * after a reboot, even if it runs now. `RUNTIME`: an agent uses a model or provider that is not declared, or will use
 * it after its next start.
 */
export type FindingKind = "BOOT-ENABLE" | "RUNTIME";

/** A difference, with the place where it was found. */
export interface Finding extends Place, Difference {
  /** The part of the agent to which the item belongs; absent if the resource is not an agent. */
  readonly part?: AgentPart;
  /** The kind of the finding. Absent if no kind applies, which is the usual case. */
  readonly kind?: FindingKind;
}

/** Returns the place of a declared resource. */
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

/**
 * Returns an item's label and the part of an agent to which the item belongs.
 *
 * @param name the item's name within its resource
 */
export function itemPlace(name: string): Pick<Finding, "item" | "part"> {
  const part = partOf(name);
  return { item: labelOf(name), ...(part !== undefined && { part }) };
}
