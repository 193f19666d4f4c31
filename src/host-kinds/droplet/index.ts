import type { HostKind } from "../host-kind.ts";
import { dropletLaunch } from "./launch.ts";
import { DROPLET_MACHINE } from "./machine-resources.ts";
import { resolveDroplet } from "./resolve-droplet.ts";
import type { DropletHostSpec } from "./spec.ts";
import { DROPLET_INVENTORY, dropletTarget } from "./target.ts";

export const droplet: HostKind<DropletHostSpec> = {
  // Droplets are protected, because a run can delete a droplet with its disk, and the data cannot be restored.
  isProtected: true,
  inventory: DROPLET_INVENTORY,
  resolve: resolveDroplet,
  sharedWith: ({ droplet: { region, vpc } }) => ({
    region: `digitalocean ${region}`,
    network: vpc === undefined ? `the default VPC of ${region}` : `VPC ${vpc}`,
  }),
  target: dropletTarget,
  machine: DROPLET_MACHINE,
  launch: dropletLaunch,
};
