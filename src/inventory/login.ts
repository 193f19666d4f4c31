import { resolve } from "node:path";
import { gateAccount } from "../model/gate-account.ts";
import type { StackSettings } from "../model/stack-settings.ts";
import type { HostTarget } from "./inventory-host.ts";

/**
 * Returns a host's target with the login that a stack uses. A tenant's stack always uses the tenant's gate account and
 * the key in the stack's settings. Other stacks use the login from fleet.yaml or the inventory.
 */
export function loginOf(project: string, { slice, key }: StackSettings, target: HostTarget): HostTarget {
  if (slice.kind !== "tenant" || key === undefined) return target;
  const user = gateAccount({ kind: "tenant", name: slice.tenant });
  return { ...target, user, identityFile: resolve(project, key), gate: true };
}
