import type { Fleet, HostSpec } from "../config/fleet.ts";
import { inventoryEntry } from "../inventory/inventory-host.ts";
import { readInventory } from "../inventory/read-inventory.ts";
import { inSlice, type Slice } from "../model/stack-settings.ts";
import { runningUnit } from "../resources/unit-names.ts";
import type { AgentOutput, HostOutput } from "./public-types.ts";

/** The stack's outputs about the fleet, for scripts and other stacks. */
export interface StackOutputs {
  readonly hosts: Readonly<Record<string, HostOutput>>;
  readonly agents: Readonly<Record<string, AgentOutput>>;
}

/**
 * Returns the outputs of a stack. Reads only fleet.yaml and the inventory, so the values change only if one of these
 * files changes. Contacts no host, so the values do not depend on which hosts are reachable.
 */
export function stackOutputs(project: string, fleet: Fleet, slice: Slice): StackOutputs {
  const inventory = readInventory(project);
  const agents = Object.values(fleet.agents).filter(({ tenant }) =>
    inSlice(slice, { type: "Agent", tenant }),
  );
  const used = new Set(agents.map(({ host }) => host));
  const hosts = Object.values(fleet.hosts).filter(({ name }) => slice.kind !== "tenant" || used.has(name));
  const addressOf = (host: HostSpec) =>
    "address" in host ? host.address : inventoryEntry(inventory[host.kind], host)?.address;
  return {
    hosts: mapBy(hosts, (host) => {
      const address = addressOf(host);
      return { kind: host.kind, ...(address !== undefined && { address }) };
    }),
    agents: mapBy(agents, (agent) => {
      const { host, tenant, runtime } = agent;
      return { host, tenant, unit: runningUnit(agent), runtime };
    }),
  };
}

function mapBy<S extends { readonly name: string }, T>(all: readonly S[], build: (one: S) => T) {
  return Object.fromEntries(all.map((one) => [one.name, build(one)]));
}
