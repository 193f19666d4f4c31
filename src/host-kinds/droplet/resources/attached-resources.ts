import type * as pulumi from "@pulumi/pulumi";
import { EVERYBODY } from "../../../config/open-port.ts";
import { isolateFailure, outputOf, type Registered } from "../../../program/muster-resource.ts";
import { FIXED, ignoredProperties } from "../fixed-properties.ts";
import {
  cloudName,
  type DropletAnswer,
  type VolumeAnswer,
  type VolumeQuestion,
} from "../preflight-protocol.ts";
import type { DropletHostSpec } from "../spec.ts";
import { attachedOptions, type DropletContext } from "./droplet-context.ts";

/**
 * Declares a firewall. It allows SSH from `sshFrom`, connections to the ports in `open`, and all outgoing
 * traffic.
 */
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

/**
 * The values that replace the outputs of a failed resource. The engine skips the resources that use these values, but
 * the vendor's provider checks the values first. It would refuse values that are empty or zero.
 */
export const NO_ID = "1";
const NO_ADDRESS = "192.0.2.1";

/**
 * Declares a reserved IP, which is kept when the droplet is replaced, and its assignment to the droplet.
 *
 * The address is a separate resource and is created first, so that the state records it before another resource can
 * fail. The vendor's provider could assign the address in the same step, but would not notice later that the address is
 * no longer assigned to a droplet.
 *
 * @param needs the resources whose changes must not run at the same time as the assignment
 */
export function makeReservedIp(
  { name, formerly, protect, droplet: { region } }: DropletHostSpec,
  { sdk }: DropletContext,
  dropletId: pulumi.Output<number>,
  needs: readonly Registered[],
  { id, reservedIp, isAssigned, region: actualRegion }: DropletAnswer,
) {
  const aliases = formerly.map((former) => ({ name: former }));
  const made = new sdk.ReservedIp(
    name,
    { region: actualRegion ?? region },
    {
      ...{ aliases, protect },
      // Earlier versions of Muster declared the droplet in this property. Now, the separate assignment below does this.
      ignoreChanges: [...ignoredProperties(FIXED.reservedIp), "dropletId"],
      ...(reservedIp !== undefined && { import: reservedIp }),
    },
  );
  const address = isolateFailure(made, "digitalocean:index/reservedIp:ReservedIp", name);
  const assignment = new sdk.ReservedIpAssignment(
    name,
    { ipAddress: outputOf(made.ipAddress, NO_ADDRESS), dropletId },
    {
      aliases,
      dependsOn: [...needs.map(({ ended }) => ended), address.ended],
      // An address can be assigned to only one droplet at a time.
      deleteBeforeReplace: true,
      ...(isAssigned && { import: `${reservedIp},${id}` }),
    },
  );
  return {
    self: isolateFailure(assignment, "digitalocean:index/reservedIpAssignment:ReservedIpAssignment", name),
    address: outputOf(made.ipAddress, ""),
  };
}

/** A volume of a host, and its name in fleet.yaml. */
export interface HostVolume extends VolumeQuestion {
  readonly name: string;
  /** The existing volume; absent if the volume does not exist yet. */
  readonly existing?: VolumeAnswer | undefined;
}

/** Declares a volume and its attachment to the droplet. */
export function makeVolume(
  { name, formerly, protect, droplet: { region } }: DropletHostSpec,
  { name: volume, size, filesystem, existing }: HostVolume,
  { sdk, owner, answer }: DropletContext,
  dropletId: pulumi.Output<number>,
  self: Registered,
) {
  const resourceName = `${name}/${volume}`;
  const aliases = formerly.map((former) => ({ name: `${former}/${volume}` }));
  const made = new sdk.Volume(
    resourceName,
    {
      ...{ name: cloudName(owner, name, volume), region: answer.droplets[name]?.region ?? region, size },
      initialFilesystemType: filesystem,
      description: `${resourceName} of ${owner}`,
    },
    {
      ...{ aliases, protect },
      ignoreChanges: ignoredProperties(FIXED.volume, existing?.kept),
      ...(existing !== undefined && { import: existing.id }),
    },
  );
  const disk = isolateFailure(made, "digitalocean:index/volume:Volume", resourceName);
  const attachment = new sdk.VolumeAttachment(
    resourceName,
    { dropletId, volumeId: outputOf(made.id, NO_ID) },
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
