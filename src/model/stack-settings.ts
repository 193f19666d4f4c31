import { InvalidError } from "../base/errors.ts";
import type { ResourceType } from "./declaration.ts";
import { FORMER_TYPES } from "./legacy-agent-parts.ts";

/**
 * The part of the fleet that a stack manages: the entire fleet, the hosts with their services, or one tenant's agents.
 */
export type Slice =
  | { readonly kind: "all" }
  | { readonly kind: "platform" }
  | { readonly kind: "tenant"; readonly tenant: string };

/** The settings of a stack, from the `muster:*` values in its configuration. */
export interface StackSettings {
  readonly slice: Slice;
  /** The path of the stack's private key, relative to the project. Present only for a tenant's stack. */
  readonly key?: string;
  /** `<project>/<stack>`: the stack from which this stack takes over resources; absent if there is no such stack. */
  readonly takesOver?: string;
}

/** The settings of a stack that manages every resource and logs in as fleet.yaml declares. */
export const WHOLE_FLEET: StackSettings = { slice: { kind: "all" } };

/** The stack that contains the resources of each type if tenants have their own stacks. */
const STACK_OF: Readonly<Record<ResourceType, "platform" | "tenant">> = {
  Host: "platform",
  Installation: "platform",
  Tenant: "platform",
  Reader: "platform",
  Account: "platform",
  Agent: "tenant",
  HostJobs: "platform",
  Service: "platform",
  Handoffs: "platform",
};

/**
 * The types that belong to a tenant's stack. Every other type, such as a host's machine,
 * belongs to the platform's stack.
 */
const TENANT_TYPES = new Set([
  ...Object.entries(STACK_OF).flatMap(([type, stack]) => (stack === "tenant" ? type : [])),
  ...Object.values(FORMER_TYPES),
]);

/**
 * Parses a stack's settings.
 *
 * @param get returns the value in the stack's configuration for a name without `muster:`
 * @throws InvalidError if a value is invalid
 */
export function stackSettings(get: (name: string) => string | undefined): StackSettings {
  const slice = parseSlice(get("slice"));
  const [key, takesOver] = [get("key"), get("takesOver")];
  if (slice.kind === "tenant" && key === undefined) {
    throw invalid("key", "is not set", `Run \`npx fleet stack add ${slice.tenant}\`, which creates a key.`);
  }
  if (takesOver !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(takesOver)) {
    throw invalid("takesOver", `is "${takesOver}"`, "Write `<project>/<stack>`, such as muster/dev.");
  }
  return { slice, ...(key !== undefined && { key }), ...(takesOver !== undefined && { takesOver }) };
}

/** Whether a stack has resources of a type. If `tenant` is given, only that tenant's resources count. */
export function inSlice(slice: Slice, one: { readonly type: string; readonly tenant?: string }): boolean {
  if (slice.kind === "all") return true;
  const isPlatform = !TENANT_TYPES.has(one.type);
  if (slice.kind === "platform") return isPlatform;
  return !isPlatform && (one.tenant === undefined || one.tenant === slice.tenant);
}

export function sliceText(slice: Slice): string {
  return slice.kind === "tenant" ? `tenant:${slice.tenant}` : slice.kind;
}

function parseSlice(text = "all"): Slice {
  if (text === "all" || text === "platform") return { kind: text };
  const tenant = /^tenant:([a-z][a-z0-9-]*)$/.exec(text)?.[1];
  if (tenant !== undefined) return { kind: "tenant", tenant };
  throw invalid("slice", `is "${text}"`, "Write all, platform or tenant:NAME.");
}

function invalid(name: string, why: string, next: string): InvalidError {
  return new InvalidError({ what: `muster:${name} in the stack's configuration`, why: `it ${why}.`, next });
}
