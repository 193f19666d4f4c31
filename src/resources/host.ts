import type { PackageItem } from "../model/items.ts";
import type { Fleet } from "../spec/fleet.ts";
import type { ResourceDefinition } from "./definition.ts";
import { hostId } from "./ids.ts";
import { hostsOf } from "./reader.ts";

/**
 * The host runtime, and what units and gates need: tmux gives the pane its terminal, by sudo a gate's account starts
 * the runtime.
 */
export const host: ResourceDefinition = {
  type: "Host",
  declare: (fleet, { runtime }) =>
    Object.values(fleet.hosts).map(({ name, formerly, protect }) => ({
      type: "Host",
      id: hostId(name),
      host: name,
      needs: [],
      formerly: formerly.map(hostId),
      protect,
      items: {
        runtime: { kind: "runtime", want: { bundle: runtime.bundle, node: runtime.node } },
        tmux: debian("tmux"),
        ...(hasGate(fleet, name) ? { sudo: debian("sudo") } : {}),
      },
    })),
};

function debian(name: string): PackageItem {
  return { kind: "package", name, want: { present: true } };
}

function hasGate(fleet: Fleet, host: string): boolean {
  const agents = Object.values(fleet.agents).filter((agent) => agent.host === host);
  return (
    agents.some(({ tenant }) => fleet.tenants[tenant]?.key !== undefined) ||
    Object.values(fleet.readers).some((one) => hostsOf(fleet, one).includes(host))
  );
}
