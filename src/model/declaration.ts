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

/** One resource of the fleet as plain data: what should be on which host. */
export interface Declaration {
  readonly type: ResourceType;
  /** Unique in the fleet and stable over runs, such as `hub/iris/agent`. Also its Pulumi name. */
  readonly id: string;
  readonly host: string;
  readonly tenant?: string;
  readonly agent?: string;
  readonly service?: string;
  /** Ids of the declarations that must be applied first. */
  readonly needs: readonly string[];
  /** The ids that it had before it, its agent, its tenant or its host was renamed. */
  readonly formerly: readonly string[];
  /** Whether no run may remove it. */
  readonly protect: boolean;
  readonly items: Items;
}

/** The whole fleet compiled: declarations in the order of their needs, and the bytes they name. */
export interface Plan {
  readonly declarations: readonly Declaration[];
  readonly contents: Contents;
}
