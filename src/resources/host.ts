import type { PackageItem } from "../model/items.ts";
import type { Fleet } from "../spec/fleet.ts";
import type { ResourceDefinition } from "./definition.ts";
import { hostId } from "./ids.ts";

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
  return Object.values(fleet.agents).some(
    (agent) => agent.host === host && fleet.tenants[agent.tenant]?.key !== undefined,
  );
}
