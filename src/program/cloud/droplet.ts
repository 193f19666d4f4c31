import type * as pulumi from "@pulumi/pulumi";
import { type CloudAnswer, cloudName, type DropletAnswer, tagsOf } from "../../model/cloud.ts";
import type { CloudSpec } from "../../spec/cloud.ts";
import type { DropletHostSpec } from "../../spec/fleet.ts";
import { failingAlone, outputOf, type Registered } from "../resource.ts";
import type * as Sdk from "./sdk.ts";

/** What the parts of one droplet are declared with. */
export interface Making {
  readonly sdk: typeof Sdk;
  /** `<project>/<stack>`. */
  readonly owner: string;
  readonly cloud: CloudSpec;
  readonly answer: CloudAnswer;
  readonly keys: readonly AccountKey[];
}

/** A key in the account; of one that is ours also the resource. */
export interface AccountKey {
  readonly id: pulumi.Input<string>;
  readonly self?: Registered;
}

/** A droplet and what belongs to it, as the host on it needs them. */
export interface DropletParts {
  readonly id: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;
  /** What DigitalOcean calls the droplet and its volumes. */
  readonly urns: readonly pulumi.Output<string>[];
  /** What must be there before the host is met. */
  readonly needs: readonly Registered[];
}

/**
 * All that a droplet is told at its first boot. It is the same for every droplet and every version of Muster: a droplet
 * with other user data is another droplet. Keys are put there by DigitalOcean itself.
 */
export const USER_DATA = "#cloud-config\nssh_pwauth: false\n";

/**
 * What a droplet has from its first boot: the vendor's provider would make another one for a change of these. Only
 * `replace` in fleet.yaml does that.
 */
const FROM_FIRST_BOOT = ["userData", "sshKeys", "image", "region", "vpcUuid"];

/** Declares a host's droplet with its firewall, its reserved IP and its volumes. */
export function makeDroplet(spec: DropletHostSpec, making: Making): DropletParts {
  const { name, droplet, formerly, protect } = spec;
  const { sdk, owner, answer } = making;
  const found: DropletAnswer = answer.droplets[name] ?? { isReplaced: false };
  const aliases = formerly.map((former) => ({ name: former }));
  const made = new sdk.Droplet(
    name,
    {
      name,
      region: droplet.region,
      size: droplet.size,
      // A disk that has grown cannot shrink again.
      resizeDisk: false,
      image: droplet.image,
      backups: droplet.backups,
      monitoring: droplet.monitoring,
      ipv6: droplet.ipv6,
      ...(droplet.vpc !== undefined && { vpcUuid: droplet.vpc }),
      tags: [...tagsOf(owner, name, found.replace), ...droplet.tags].sort(),
      sshKeys: making.keys.map((key) => key.id),
      userData: USER_DATA,
    },
    {
      aliases,
      ignoreChanges: FROM_FIRST_BOOT,
      dependsOn: making.keys.flatMap(({ self }) => self?.ended ?? []),
      // The number says that it is this droplet and no other: the engine refuses to replace what has one.
      ...(found.id !== undefined && { import: found.id }),
      // The tags change with `replace`, and in that one run a change of them makes another droplet.
      ...(found.isReplaced && { replaceOnChanges: ["tags"] }),
      protect: protect && !found.isReplaced,
      customTimeouts: { create: `${droplet.bootTimeout}s` },
    },
  );
  const self = failingAlone(made, DROPLET, name);
  const id = outputOf(made.id, "");
  const dropletId = id.apply(Number);
  const firewall = makeFirewall(spec, making, dropletId, self);
  const reserved = droplet.reservedIp ? makeReservedIp(spec, making, dropletId, self, found) : undefined;
  const volumes = Object.keys(droplet.volumes).map((volume) =>
    makeVolume(spec, volume, making, dropletId, self),
  );
  return {
    id,
    address: reserved?.address ?? outputOf(made.ipv4Address, ""),
    urns: [outputOf(made.dropletUrn, ""), ...volumes.map(({ urn }) => urn)],
    needs: [self, firewall, ...(reserved ? [reserved.self] : []), ...volumes.map(({ attached }) => attached)],
  };
}

const DROPLET = "digitalocean:index/droplet:Droplet";
const ALL = ["0.0.0.0/0", "::/0"];

/** SSH from where it is declared, what is declared open, and nothing else comes in; all may go out. */
function makeFirewall(
  { name, formerly, port, droplet }: DropletHostSpec,
  { sdk, owner, cloud, answer }: Making,
  dropletId: pulumi.Output<number>,
  self: Registered,
): Registered {
  const called = cloudName(owner, name);
  const id = answer.named[called];
  const ssh = { port: `${port ?? 22}`, protocol: "tcp", from: cloud.sshFrom };
  const firewall = new sdk.Firewall(
    name,
    {
      name: called,
      dropletIds: [dropletId],
      inboundRules: [ssh, ...droplet.open].map(({ port: portRange, protocol, from }) => {
        return { protocol, portRange, sourceAddresses: [...from] };
      }),
      outboundRules: [
        { protocol: "tcp", portRange: "1-65535", destinationAddresses: ALL },
        { protocol: "udp", portRange: "1-65535", destinationAddresses: ALL },
        { protocol: "icmp", destinationAddresses: ALL },
      ],
    },
    { ...after(self, formerly), ...(id !== undefined && { import: id }) },
  );
  return failingAlone(firewall, "digitalocean:index/firewall:Firewall", name);
}

function makeReservedIp(
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

function makeVolume(
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

function after(self: Registered, formerly: readonly string[]): pulumi.CustomResourceOptions {
  return { dependsOn: self.ended, aliases: formerly.map((name) => ({ name })) };
}
