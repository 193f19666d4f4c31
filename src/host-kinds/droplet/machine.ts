import type { MachineOfKind } from "../host-kind.ts";

/** The machine of a droplet's host, and what belongs to it. */
export const DROPLET_MACHINE: MachineOfKind = {
  type: "DropletHost",
  tokens: [
    "muster:index:DropletHost",
    "digitalocean:index/droplet:Droplet",
    "digitalocean:index/firewall:Firewall",
    "digitalocean:index/reservedIp:ReservedIp",
    "digitalocean:index/volume:Volume",
    "digitalocean:index/volumeAttachment:VolumeAttachment",
  ],
  isAlwaysDrift: false,
  removalText: ({ machine }) => `its droplet ${machine} with its disk, its backups`,
};
