import type * as pulumi from "@pulumi/pulumi";
import { EVERYBODY } from "../../../config/open-port.ts";
import { isolateFailure, outputOf, type Registered } from "../../../program/fleet-resource.ts";
import { cloudName, type DropletAnswer } from "../preflight-protocol.ts";
import type { DropletHostSpec } from "../spec.ts";
import { attachedOptions, type DropletContext } from "./droplet-context.ts";

/** Declares a firewall that allows SSH from `sshFrom`, the ports in `open`, and all outgoing traffic. */
export function makeFirewall(
  { name, formerly, port, droplet }: DropletHostSpec,
  { sdk, owner, cloud, answer }: DropletContext,
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
      ...attachedOptions(self, formerly),
      ...(id !== undefined && { import: id }),
      // An adopted firewall keeps its name and its outbound rules.
      ...(adopted !== undefined && { ignoreChanges: ["name", "outboundRules"] }),
    },
  );
  return isolateFailure(firewall, "digitalocean:index/firewall:Firewall", name);
}

/** Declares a reserved IP, which is kept when the droplet is replaced. */
export function makeReservedIp(
  { name, formerly, protect, droplet: { region } }: DropletHostSpec,
  { sdk }: DropletContext,
  dropletId: pulumi.Output<number>,
  self: Registered,
  { reservedIp }: DropletAnswer,
) {
  // The IP is assigned to the droplet on creation, so that the next run finds the IP if this run is killed.
  const made = new sdk.ReservedIp(
    name,
    { region, dropletId },
    {
      ...attachedOptions(self, formerly),
      ...{ ignoreChanges: ["region"], protect },
      ...(reservedIp !== undefined && { import: reservedIp }),
    },
  );
  return {
    self: isolateFailure(made, "digitalocean:index/reservedIp:ReservedIp", name),
    address: outputOf(made.ipAddress, ""),
  };
}

/** Declares a volume and its attachment to the droplet. */
export function makeVolume(
  { name, formerly, protect, droplet: { region, volumes } }: DropletHostSpec,
  volume: string,
  { sdk, owner, answer }: DropletContext,
  dropletId: pulumi.Output<number>,
  self: Registered,
) {
  const resourceName = `${name}/${volume}`;
  const called = cloudName(owner, name, volume);
  const id = answer.named[called];
  const aliases = formerly.map((former) => ({ name: `${former}/${volume}` }));
  const { size, filesystem } = volumes[volume] ?? { size: 1, filesystem: "ext4" };
  const made = new sdk.Volume(
    resourceName,
    {
      ...{ name: called, region, size, initialFilesystemType: filesystem },
      description: `${resourceName} of ${owner}`,
    },
    {
      ...{ aliases, protect },
      // A change of any of these properties would replace the volume with an empty one.
      ignoreChanges: ["name", "region", "initialFilesystemType", "description"],
      ...(id !== undefined && { import: id }),
    },
  );
  const disk = isolateFailure(made, "digitalocean:index/volume:Volume", resourceName);
  const attachment = new sdk.VolumeAttachment(
    resourceName,
    { dropletId, volumeId: outputOf(made.id, "") },
    // A volume can be attached to only one droplet at a time.
    { aliases, dependsOn: [self.ended, disk.ended], deleteBeforeReplace: true },
  );
  const attached = isolateFailure(
    attachment,
    "digitalocean:index/volumeAttachment:VolumeAttachment",
    resourceName,
  );
  return { attached, urn: outputOf(made.volumeUrn, "") };
}
