import type { Declaration } from "./declaration.ts";
import type { Difference } from "./diff.ts";
import { type AgentPart, labelOf, partOf } from "./parts.ts";

/** To whom a resource belongs, and where it is. */
export interface Place {
  readonly host: string;
  readonly tenant?: string;
  readonly agent?: string;
  readonly service?: string;
  readonly resource: string;
  readonly type: string;
}

/**
 * Drift with consequences that its property does not show. `BOOT-ENABLE`: it runs, and would not come back after a
 * reboot. `RUNTIME`: an agent runs on a model or a provider that is not declared, or would at its next start.
 */
export type FindingKind = "BOOT-ENABLE" | "RUNTIME";

/** One property of one item that is not as declared. */
export interface Finding extends Place, Difference {
  /** The part of an agent that the item belongs to. */
  readonly part?: AgentPart;
  /** Most findings have none. */
  readonly kind?: FindingKind;
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

/** What people call an item, and the part of an agent that it belongs to. @param name its name within its resource */
export function itemPlace(name: string): Pick<Finding, "item" | "part"> {
  const part = partOf(name);
  return { item: labelOf(name), ...(part !== undefined && { part }) };
}
