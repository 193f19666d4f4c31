import type { HostSpecs } from "../../config/fleet.ts";
import type { HostTarget } from "../../inventory/inventory-host.ts";
import { lastReached, noteReached } from "../../inventory/last-seen.ts";
import { readInventory } from "../../inventory/read-inventory.ts";
import { resolveTarget, specOf } from "../../inventory/resolve-target.ts";
import { HostError } from "../../transport/host-error.ts";
import type { HostFacts } from "../context.ts";
import type { DeclaredHosts } from "./declared-host-connections.ts";

/**
 * Reads the facts about hosts from fleet.yaml and this checkout.
 *
 * @param env MUSTER_CHANGES is 1 if `npx pulumi` started a run that can change hosts; in a preview, nothing
 *   is recorded
 */
export function hostFacts(project: string, declared: DeclaredHosts, env: NodeJS.ProcessEnv): HostFacts {
  const spec = (host: string) => specOf(declared() ?? {}, host);
  return {
    peer: (host) => targetOf(project, declared(), host),
    isDeclared: (host) => spec(host) !== undefined,
    isIntermittent: (host) => spec(host)?.availability === "intermittent",
    lastReached: (host) => lastReached(project, host),
    noteReached: (host) => {
      if (env["MUSTER_CHANGES"] === "1") noteReached(project, host);
    },
  };
}

/** Returns how to reach a host; undefined for a host without a machine, such as a droplet that does not exist yet. */
function targetOf(project: string, hosts: HostSpecs | undefined, host: string): HostTarget | undefined {
  try {
    return resolveTarget(hosts, readInventory(project), host);
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}
