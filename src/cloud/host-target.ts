import type { HostSpecs } from "../config/fleet.ts";
import { machineOf } from "../inventory/container-name.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { resolveTarget } from "../inventory/resolve-target.ts";
import { HostError } from "../transport/host-error.ts";
import type { Target } from "../transport/target.ts";
import { localState } from "./local/local-host-state.ts";

/**
 * How a host is reached. A local host that does not run is refused at once: it would answer no connection
 * either, but only after its timeout.
 *
 * @param project the folder of fleet.yaml
 * @throws HostError where it cannot be reached; InvalidError for an unknown name
 */
export function targetOf(
  project: string,
  hosts: HostSpecs | undefined,
  inventory: Inventory,
  host: string,
): Target {
  const target = resolveTarget(hosts, inventory, host);
  if (target.kind !== "local" || localState(project, machineOf(inventory.local, host)) !== "stopped")
    return target;
  throw new HostError({
    host,
    reason: "refused",
    what: "it cannot be reached",
    why: "this local host is stopped.",
    next: "Run `npx pulumi up`, which boots it.",
  });
}
