import type * as pulumi from "@pulumi/pulumi";
import { failingAlone, outputOf, type Registered } from "../../../program/fleet-resource.ts";
import { type DropletAnswer, tagsOf } from "../preflight-protocol.ts";
import type { DropletHostSpec } from "../spec.ts";
import { makeFirewall, makeReservedIp, makeVolume } from "./attached.ts";
import type { Making } from "./making.ts";

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
      tags: [...(found.isAdopted ? [] : tagsOf(owner, name, found.replace)), ...droplet.tags].sort(),
      sshKeys: making.keys.map((key) => key.id),
      userData: USER_DATA,
    },
    {
      aliases,
      ignoreChanges: keptOf(found),
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
  const firewall = hasFirewall(spec, found) ? [makeFirewall(spec, making, dropletId, self)] : [];
  const reserved = droplet.reservedIp ? makeReservedIp(spec, making, dropletId, self, found) : undefined;
  const volumes = Object.keys(droplet.volumes).map((volume) =>
    makeVolume(spec, volume, making, dropletId, self),
  );
  return {
    id,
    address: reserved?.address ?? outputOf(made.ipv4Address, ""),
    urns: [outputOf(made.dropletUrn, ""), ...volumes.map(({ urn }) => urn)],
    needs: [
      self,
      ...firewall,
      ...(reserved ? [reserved.self] : []),
      ...volumes.map(({ attached }) => attached),
    ],
  };
}

/** What a difference of is no change. How a disk is resized is a question only while the size differs. */
function keptOf({ isAdopted, isResized }: DropletAnswer): string[] {
  return [...FROM_FIRST_BOOT, ...(isResized ? [] : ["resizeDisk"]), ...(isAdopted ? ["name"] : [])];
}

/** What was there before Muster, and has no firewall of its own, gets one where it is said what that lets in. */
function hasFirewall({ droplet: { adopt, open, sshFrom } }: DropletHostSpec, { isAdopted }: DropletAnswer) {
  const isAskedFor = adopt?.firewall !== undefined || open.length > 0 || sshFrom !== undefined;
  return !isAdopted || isAskedFor;
}

const DROPLET = "digitalocean:index/droplet:Droplet";
