import type * as pulumi from "@pulumi/pulumi";
import { isolateFailure, outputOf, type Registered } from "../../../program/muster-resource.ts";
import { FIXED, ignoredProperties } from "../fixed-properties.ts";
import { type CloudAnswer, type DropletAnswer, tagsOf } from "../preflight-protocol.ts";
import type { DropletHostSpec } from "../spec.ts";
import { type HostVolume, makeFirewall, makeReservedIp, makeVolume, NO_ID } from "./attached-resources.ts";
import type { DropletContext } from "./droplet-context.ts";

/**
 * The values of a droplet and its attached resources that the declarations of the DropletHost and of the project need.
 */
export interface DropletParts {
  readonly id: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;
  /** The URNs that DigitalOcean gives to the droplet and its volumes. */
  readonly urns: readonly pulumi.Output<string>[];
  /** The resources that must exist before the host is contacted. */
  readonly needs: readonly Registered[];
}

/**
 * The user data for the first boot of a droplet. It must be the same for all droplets and all versions of Muster,
 * because a change of the user data replaces a droplet. It contains no public keys, because DigitalOcean installs the
 * keys itself.
 */
export const USER_DATA = "#cloud-config\nssh_pwauth: false\n";

/**
 * The shortest timeout for the creation of a droplet, in seconds. The vendor's provider first checks a new droplet
 * after 10 s, and DigitalOcean needs up to a minute.
 */
const SHORTEST_CREATION = 60;

/** Declares a host's droplet with its firewall, its reserved IP and its volumes. */
export function makeDroplet(spec: DropletHostSpec, context: DropletContext): DropletParts {
  const { name, droplet, formerly, protect } = spec;
  const { sdk, owner, answer } = context;
  const found: DropletAnswer = answer.droplets[name] ?? { isReplaced: false };
  const aliases = formerly.map((former) => ({ name: former }));
  const made = new sdk.Droplet(
    name,
    {
      name,
      region: droplet.region,
      size: droplet.size,
      // A resize does not change the disk, because a larger disk cannot become smaller again.
      resizeDisk: false,
      image: droplet.image,
      backups: droplet.backups,
      monitoring: droplet.monitoring,
      ipv6: droplet.ipv6,
      ...(droplet.vpc !== undefined && { vpcUuid: droplet.vpc }),
      tags: [...(found.isAdopted ? [] : tagsOf(owner, name, found.replace)), ...droplet.tags].sort(),
      sshKeys: context.keys.map((key) => key.id),
      userData: USER_DATA,
    },
    {
      aliases,
      ignoreChanges: ignoredChanges(found),
      dependsOn: context.keys.flatMap(({ self }) => self?.ended ?? []),
      // The import ID protects the droplet: the engine refuses to replace a resource that has an import ID.
      ...(found.id !== undefined && { import: found.id }),
      // In a run that replaces the droplet, the new text in `replace` changes the tags. With this option, the
      // changed tags cause the replacement.
      ...(found.isReplaced && { replaceOnChanges: ["tags"] }),
      protect: protect && !found.isReplaced,
      customTimeouts: { create: `${Math.max(SHORTEST_CREATION, droplet.bootTimeout)}s` },
    },
  );
  const self = isolateFailure(made, DROPLET, name);
  const dropletId = outputOf(made.id, NO_ID).apply(Number);
  const firewall = hasFirewall(spec, found) ? [makeFirewall(spec, context, dropletId, self)] : [];
  const volumes = volumesOf(spec, answer.volumes).map((volume) =>
    makeVolume(spec, volume, context, dropletId, self),
  );
  const attached = volumes.map((volume) => volume.attached);
  const hasReservedIp = droplet.reservedIp || found.keepsReservedIp === true;
  const reserved = hasReservedIp
    ? makeReservedIp(spec, context, dropletId, [self, ...attached], found)
    : undefined;
  return {
    id: outputOf(made.id, ""),
    address: reserved?.address ?? outputOf(made.ipv4Address, ""),
    urns: [outputOf(made.dropletUrn, ""), ...volumes.map(({ urn }) => urn)],
    needs: [self, ...firewall, ...attached, ...(reserved ? [reserved.self] : [])],
  };
}

/** Returns the declared volumes, and the volumes that are no longer declared but that the state protects. */
function volumesOf({ name, droplet }: DropletHostSpec, existing: CloudAnswer["volumes"]): HostVolume[] {
  const declared = Object.entries(droplet.volumes).map(([volume, spec]) => {
    return { name: volume, ...spec, existing: existing[`${name}/${volume}`] };
  });
  const kept = Object.entries(existing).flatMap(([path, one]) => {
    if (!one.isUndeclared || !path.startsWith(`${name}/`)) return [];
    const { size, filesystem } = one;
    return [{ name: path.slice(name.length + 1), size, filesystem, existing: one }];
  });
  return [...declared, ...kept];
}

/** Returns the properties for which differences are ignored. `resizeDisk` is among them unless the size differs. */
function ignoredChanges({ isAdopted, isResized, kept }: DropletAnswer): string[] {
  const fixed = ignoredProperties(FIXED.droplet, kept);
  return [...fixed, ...(isResized ? [] : ["resizeDisk"]), ...(isAdopted ? ["name"] : [])];
}

/**
 * Whether to declare a firewall. An adopted droplet gets a firewall only if fleet.yaml declares a firewall or
 * ports for it.
 */
function hasFirewall({ droplet: { adopt, open, sshFrom } }: DropletHostSpec, { isAdopted }: DropletAnswer) {
  const isAskedFor = adopt?.firewall !== undefined || open.length > 0 || sshFrom !== undefined;
  return !isAdopted || isAskedFor;
}

const DROPLET = "digitalocean:index/droplet:Droplet";
