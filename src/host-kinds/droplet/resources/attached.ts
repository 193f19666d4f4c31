import type * as pulumi from "@pulumi/pulumi";
import { EVERYBODY } from "../../../config/open-port.ts";
import { failingAlone, outputOf, type Registered } from "../../../program/fleet-resource.ts";
import { cloudName, type DropletAnswer } from "../preflight-protocol.ts";
import type { DropletHostSpec } from "../spec.ts";
import { after, type Making } from "./making.ts";

/** SSH from where it is declared, what is declared open, and nothing else comes in; all may go out. */
export function makeFirewall(
  { name, formerly, port, droplet }: DropletHostSpec,
  { sdk, owner, cloud, answer }: Making,
  dropletId: pulumi.Output<number>,
  self: Registered,
): Registered {
  const called = cloudName(owner, name);
  const adopted = droplet.adopt?.firewall;
  const id = adopted ?? answer.named[called];
  const ssh = { port: `${port ?? 22}`, protocol: "tcp", from: droplet.sshFrom ?? cloud.sshFrom };
  const destinationAddresses = [...EVERYBODY];
  const firewall = new sdk.Firewall(
    name,
    {
      name: called,
      dropletIds: [dropletId],
      inboundRules: [ssh, ...droplet.open].map(({ port: portRange, protocol, from }) => {
        return { protocol, portRange, sourceAddresses: [...from] };
      }),
      outboundRules: [
        { protocol: "tcp", portRange: "1-65535", destinationAddresses },
        { protocol: "udp", portRange: "1-65535", destinationAddresses },
        { protocol: "icmp", destinationAddresses },
      ],
    },
    {
      ...after(self, formerly),
      ...(id !== undefined && { import: id }),
      // Whoever made it named it, and said what it lets out.
      ...(adopted !== undefined && { ignoreChanges: ["name", "outboundRules"] }),
    },
  );
  return failingAlone(firewall, "digitalocean:index/firewall:Firewall", name);
}

/** An address that stays when the droplet goes. */
export function makeReservedIp(
  { name, formerly, protect, droplet: { region } }: DropletHostSpec,
  { sdk }: Making,
  dropletId: pulumi.Output<number>,
  self: Registered,
  { reservedIp }: DropletAnswer,
) {
  // Made for its droplet at once: one that a killed run made is found by that.
  const made = new sdk.ReservedIp(
    name,
    { region, dropletId },
    {
      ...after(self, formerly),
      ...{ ignoreChanges: ["region"], protect },
      ...(reservedIp !== undefined && { import: reservedIp }),
    },
  );
  return {
    self: failingAlone(made, "digitalocean:index/reservedIp:ReservedIp", name),
    address: outputOf(made.ipAddress, ""),
  };
}

/** A disk beside the droplet's own, and that it is at the droplet. */
export function makeVolume(
  { name, formerly, protect, droplet: { region, volumes } }: DropletHostSpec,
  volume: string,
  { sdk, owner, answer }: Making,
  dropletId: pulumi.Output<number>,
  self: Registered,
) {
  const whole = `${name}/${volume}`;
  const called = cloudName(owner, name, volume);
  const id = answer.named[called];
  const aliases = formerly.map((former) => ({ name: `${former}/${volume}` }));
  const { size, filesystem } = volumes[volume] ?? { size: 1, filesystem: "ext4" };
  const made = new sdk.Volume(
    whole,
    { name: called, region, size, initialFilesystemType: filesystem, description: `${whole} of ${owner}` },
    {
      ...{ aliases, protect },
      // Each of them would make an empty volume in this one's place.
      ignoreChanges: ["name", "region", "initialFilesystemType", "description"],
      ...(id !== undefined && { import: id }),
    },
  );
  const disk = failingAlone(made, "digitalocean:index/volume:Volume", whole);
  const attachment = new sdk.VolumeAttachment(
    whole,
    { dropletId, volumeId: outputOf(made.id, "") },
    // A volume is at one droplet at a time.
    { aliases, dependsOn: [self.ended, disk.ended], deleteBeforeReplace: true },
  );
  const attached = failingAlone(attachment, "digitalocean:index/volumeAttachment:VolumeAttachment", whole);
  return { attached, urn: outputOf(made.volumeUrn, "") };
}
