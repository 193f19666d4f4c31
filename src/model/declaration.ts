import type { Contents, Items } from "./items.ts";

export const RESOURCE_TYPES = [
  "Host",
  "Tenant",
  "Reader",
  "Account",
  "Agent",
  "HostJobs",
  "Service",
] as const;

export type ResourceType = (typeof RESOURCE_TYPES)[number];

/** One resource as fleet.yaml declares it: plain data that says what should be on which host. */
export interface Declaration {
  readonly type: ResourceType;
  /**
   * Such as `hub/iris/agent`: unique in the fleet, the same
   * in every run, and also the resource's Pulumi name.
   */
  readonly id: string;
  readonly host: string;
  readonly tenant?: string;
  readonly agent?: string;
  readonly service?: string;
  /** The ids of the declarations that must be applied before this one. */
  readonly needs: readonly string[];
  /** The ids that the resource had before it, its agent, its tenant or its host was renamed. */
  readonly formerly: readonly string[];
  /** Whether Muster must refuse to remove the resource. */
  readonly protect: boolean;
  readonly items: Items;
}

/**
 * The compiled fleet: all declarations, each after those
 * that it needs, and the contents that their items refer to.
 */
export interface Plan {
  readonly declarations: readonly Declaration[];
  readonly contents: Contents;
}
