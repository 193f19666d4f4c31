import type { HostKind } from "../host-kind.ts";
import { dropletLaunch } from "./launch.ts";
import { DROPLET_MACHINE } from "./machine.ts";
import { resolveDroplet } from "./resolve-droplet.ts";
import type { DropletHostSpec } from "./spec.ts";
import { DROPLET_INVENTORY, dropletTarget } from "./target.ts";

export const droplet: HostKind<DropletHostSpec> = {
  // A run can delete a droplet with its disk, and the data on it cannot be restored.
  isProtected: true,
  inventory: DROPLET_INVENTORY,
  resolve: resolveDroplet,
  target: dropletTarget,
  machine: DROPLET_MACHINE,
  launch: dropletLaunch,
};
