import { InvalidError } from "../base/errors.ts";
import type { ResourceType } from "./declaration.ts";

/** The part of the fleet that a stack has: all of it, what belongs to the hosts, or one tenant's agents. */
export type Slice =
  | { readonly kind: "all" }
  | { readonly kind: "platform" }
  | { readonly kind: "tenant"; readonly tenant: string };

/** The settings of a stack itself, from its plain configuration `muster:*`. */
export interface StackSettings {
  readonly slice: Slice;
  /** The private key of a tenant's stack, relative to the project. */
  readonly key?: string;
  /** `<project>/<stack>`: the stack whose resources this one takes over. */
  readonly takesOver?: string;
}

/** Every resource, with the login that fleet.yaml names. */
export const WHOLE_FLEET: StackSettings = { slice: { kind: "all" } };

/** The stack that has the resources of a type, if tenants have stacks of their own. */
const STACK_OF: Readonly<Record<ResourceType | "LocalHost" | "DropletHost", "platform" | "tenant">> = {
  LocalHost: "platform",
  DropletHost: "platform",
  Host: "platform",
  Tenant: "platform",
  Reader: "platform",
  Account: "platform",
  Agent: "tenant",
  HostJobs: "platform",
  Service: "platform",
};

const PLATFORM = new Set(
  Object.entries(STACK_OF).flatMap(([type, stack]) => (stack === "platform" ? type : [])),
);

/**
 * Parses a stack's settings.
 *
 * @param get a value of the stack's configuration by its name without `muster:`
 * @throws InvalidError where a value is not valid
 */
export function stackSettings(get: (name: string) => string | undefined): StackSettings {
  const slice = parseSlice(get("slice"));
  const [key, takesOver] = [get("key"), get("takesOver")];
  if (slice.kind === "tenant" && key === undefined) {
    throw invalid("key", "is not set", `Run \`npx fleet stack add ${slice.tenant}\`, which makes one.`);
  }
  if (takesOver !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(takesOver)) {
    throw invalid("takesOver", `is "${takesOver}"`, "Write `<project>/<stack>`, such as muster/dev.");
  }
  return { slice, ...(key !== undefined && { key }), ...(takesOver !== undefined && { takesOver }) };
}

/** Whether a stack has resources of a type, of any tenant or only of the one that is named. */
export function inSlice(slice: Slice, one: { readonly type: string; readonly tenant?: string }): boolean {
  if (slice.kind === "all") return true;
  const isPlatform = PLATFORM.has(one.type);
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
