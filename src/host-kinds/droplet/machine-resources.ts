import type { MachineOfKind } from "../host-kind.ts";

/** The machine of a droplet host: the droplet and its attached resources. */
export const DROPLET_MACHINE = {
  type: "DropletHost",
  tokens: [
    "muster:index:DropletHost",
    "digitalocean:index/droplet:Droplet",
    "digitalocean:index/firewall:Firewall",
    "digitalocean:index/reservedIp:ReservedIp",
    "digitalocean:index/reservedIpAssignment:ReservedIpAssignment",
    "digitalocean:index/volume:Volume",
    "digitalocean:index/volumeAttachment:VolumeAttachment",
  ],
  isAlwaysDrift: false,
  removalText: ({ machine }) => `its droplet ${machine} with its disk, its backups`,
} satisfies MachineOfKind;
