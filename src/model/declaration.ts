import type { Contents, Items } from "./items.ts";

export const RESOURCE_TYPES = [
  "Host",
  "Installation",
  "Tenant",
  "Reader",
  "Account",
  "Agent",
  "HostJobs",
  "Service",
  "Handoffs",
] as const;

export type ResourceType = (typeof RESOURCE_TYPES)[number];

/** One resource as fleet.yaml declares it, as plain data: the items that should be on a host. */
export interface Declaration {
  readonly type: ResourceType;
  /**
   * The resource's id, such as `hub/iris/agent`. The id is unique in the fleet, and the same in every run. It is also
   * the resource's Pulumi name.
   */
  readonly id: string;
  readonly host: string;
  readonly tenant?: string;
  readonly agent?: string;
  readonly service?: string;
  /** The ids of the declarations that must be applied before this declaration. */
  readonly needs: readonly string[];
  /**
   * The hosts whose machines must exist first, because an item contains the addresses of these hosts; absent if there
   * are none.
   */
  readonly machines?: readonly string[];
  /**
   * The ids of the declarations that are applied first if possible, because an item contains facts about their hosts.
   * If one of them fails, this declaration is still applied. Absent if there are none.
   */
  readonly after?: readonly string[];
  /** The resource's former ids, from before a rename of the resource, its agent, its tenant or its host. */
  readonly formerly: readonly string[];
  /** Whether Muster refuses to remove the resource. */
  readonly protect: boolean;
  readonly items: Items;
}

/**
 * The compiled fleet: all declarations, and the contents to which their items refer. Each declaration follows the
 * declarations that it needs.
 */
export interface Plan {
  readonly declarations: readonly Declaration[];
  readonly contents: Contents;
}
