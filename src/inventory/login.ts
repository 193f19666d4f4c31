import { resolve } from "node:path";
import { gateAccount } from "../model/gate-account.ts";
import type { StackSettings } from "../model/stack-slice.ts";
import type { HostTarget } from "./inventory-host.ts";

/**
 * A host as a stack reaches it: a tenant's through its gate and with its own key, whatever login fleet.yaml and the
 * inventory name; any other by that login.
 */
export function loginOf(project: string, { slice, key }: StackSettings, target: HostTarget): HostTarget {
  if (slice.kind !== "tenant" || key === undefined) return target;
  const user = gateAccount({ kind: "tenant", name: slice.tenant });
  return { ...target, user, identityFile: resolve(project, key), gate: true };
}
