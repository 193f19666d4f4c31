import type * as pulumi from "@pulumi/pulumi";
import { isolateFailure, outputOf, type Registered } from "../../../program/fleet-resource.ts";
import { type DropletAnswer, tagsOf } from "../preflight-protocol.ts";
import type { DropletHostSpec } from "../spec.ts";
import { makeFirewall, makeReservedIp, makeVolume } from "./attached.ts";
import type { DropletContext } from "./droplet-context.ts";

/** A droplet with its attached resources: what is needed to declare the DropletHost and the project. */
export interface DropletParts {
  readonly id: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;
  /** The URNs that DigitalOcean gives to the droplet and its volumes. */
  readonly urns: readonly pulumi.Output<string>[];
  /** The resources that must exist before the host is contacted. */
  readonly needs: readonly Registered[];
}

/**
 * The user data for a droplet's first boot. It must be the same for all droplets and all versions of Muster,
 * because a droplet whose user data changes is replaced. It contains no public keys, because DigitalOcean
 * installs them.
 */
export const USER_DATA = "#cloud-config\nssh_pwauth: false\n";

/**
 * Properties that are fixed at the first boot. The vendor's provider would replace a droplet if one of them
 * changed, but a droplet may only be replaced because of `replace` in fleet.yaml.
 */
const FROM_FIRST_BOOT = ["userData", "sshKeys", "image", "region", "vpcUuid"];

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
      // A disk that has grown cannot shrink again.
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
      // The import ID protects the droplet, because the engine refuses to replace a resource that has one.
      ...(found.id !== undefined && { import: found.id }),
      // A new text in `replace` changes the tags, so a change of the tags replaces the droplet in this run.
      ...(found.isReplaced && { replaceOnChanges: ["tags"] }),
      protect: protect && !found.isReplaced,
      customTimeouts: { create: `${droplet.bootTimeout}s` },
    },
  );
  const self = isolateFailure(made, DROPLET, name);
  const id = outputOf(made.id, "");
  const dropletId = id.apply(Number);
  const firewall = hasFirewall(spec, found) ? [makeFirewall(spec, context, dropletId, self)] : [];
  const reserved = droplet.reservedIp ? makeReservedIp(spec, context, dropletId, self, found) : undefined;
  const volumes = Object.keys(droplet.volumes).map((volume) =>
    makeVolume(spec, volume, context, dropletId, self),
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

/** Returns the properties whose differences are ignored. `resizeDisk` only matters if the size differs. */
function ignoredChanges({ isAdopted, isResized }: DropletAnswer): string[] {
  return [...FROM_FIRST_BOOT, ...(isResized ? [] : ["resizeDisk"]), ...(isAdopted ? ["name"] : [])];
}

/** Whether to declare a firewall. An adopted droplet gets one only if fleet.yaml declares its rules. */
function hasFirewall({ droplet: { adopt, open, sshFrom } }: DropletHostSpec, { isAdopted }: DropletAnswer) {
  const isAskedFor = adopt?.firewall !== undefined || open.length > 0 || sshFrom !== undefined;
  return !isAdopted || isAskedFor;
}

const DROPLET = "digitalocean:index/droplet:Droplet";
