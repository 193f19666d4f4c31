import type { HostKind } from "../host-kind.ts";
import { resolveDroplet } from "./declaration.ts";
import { dropletLaunch } from "./launch.ts";
import { DROPLET_MACHINE } from "./machine.ts";
import type { DropletHostSpec } from "./spec.ts";
import { DROPLET_INVENTORY, dropletTarget } from "./target.ts";

export const droplet: HostKind<DropletHostSpec> = {
  // What is on the disk of a droplet cannot be made again, and a run can delete the disk.
  isProtected: true,
  inventory: DROPLET_INVENTORY,
  resolve: resolveDroplet,
  target: dropletTarget,
  machine: DROPLET_MACHINE,
  launch: dropletLaunch,
};
