import { InvalidError, MusterError } from "../../../base/errors.ts";
import { foreignTags } from "../preflight-protocol.ts";
import type { DropletSpec } from "../spec.ts";
import type { Droplet, ReservedIp, Volume } from "./account.ts";
import { type Api, openApi } from "./api.ts";
import { coveringFirewall, type Firewall, type FoundFirewall } from "./describe-firewall.ts";
import { managedElsewhere } from "./match-droplet.ts";

/** The settings in fleet.yaml that the API reports for a droplet. */
type Declared = Pick<
  DropletSpec,
  "region" | "size" | "image" | "backups" | "monitoring" | "ipv6" | "vpc" | "tags" | "reservedIp"
>;

/** An existing droplet, with the settings that describe it in fleet.yaml. */
export interface FoundDroplet extends Declared {
  readonly id: string;
  readonly name: string;
  /** The reserved IP of the droplet. If the droplet has no reserved IP, this is the public address. */
  readonly address: string;
  /** The firewall that can be adopted with the droplet; absent if no firewall can be adopted. */
  readonly firewall?: FoundFirewall;
  /** The attached resources that are not adopted, each with the reason. */
  readonly left: readonly string[];
}

/** A droplet in the API's response: https://docs.digitalocean.com/reference/api/ */
interface Shown extends Omit<Required<Droplet>, "vpc_uuid"> {
  readonly status: string;
  readonly image: Required<Droplet>["image"] & { readonly distribution?: string };
  readonly vpc_uuid?: string;
  readonly volume_ids?: readonly string[];
  readonly networks: { readonly v4: readonly { readonly ip_address: string; readonly type: string }[] };
}

/**
 * The distributions with which a droplet can be adopted. An unknown distribution is accepted, because DigitalOcean does
 * not know the distribution of a custom image.
 */
const DISTRIBUTIONS = ["Debian", "Ubuntu", "Unknown", "Unknown OS", undefined];

/**
 * Reads a droplet with its attached resources. Changes nothing.
 *
 * @param host the name that the droplet's host gets in fleet.yaml
 * @param port the port of the droplet's sshd
 * @throws MusterError if the droplet cannot be adopted or the API cannot be queried
 */
export async function describeDroplet(
  { url, token }: { readonly url: string; readonly token: string },
  { host, number, port }: { readonly host: string; readonly number: string; readonly port: number },
): Promise<FoundDroplet> {
  const api = openApi(url, token);
  const shown = await api.one<Shown>(`droplets/${number}`, "droplet");
  if (shown === undefined) throw unknownNumber(host, number);
  refuseUnfit(host, shown);
  const [firewalls, reservedIps, volumes] = await Promise.all([
    api.list<Firewall>(`droplets/${number}/firewalls`, "firewalls"),
    api.list<ReservedIp>("reserved_ips", "reserved_ips"),
    volumesAt(api, shown),
  ]);
  const reserved = reservedIps.find(({ droplet }) => droplet?.id === shown.id)?.ip;
  const own = shown.networks.v4.find(({ type }) => type === "public")?.ip_address;
  const address = reserved ?? own;
  if (address === undefined) throw withoutAddress(host, shown);
  const { firewall, left } = coveringFirewall(firewalls, shown.id, port);
  return {
    ...declaredOf(shown),
    address,
    reservedIp: reserved !== undefined,
    ...(firewall && { firewall }),
    left: [...left, ...volumes.map(volumeSentence)],
  };
}

function declaredOf(shown: Shown) {
  const { id, name, tags, features, size_slug, region, image, vpc_uuid } = shown;
  return {
    id: `${id}`,
    name,
    region: region.slug,
    size: size_slug,
    image: image.slug || `${image.id}`,
    backups: features.includes("backups"),
    monitoring: features.includes("monitoring"),
    ipv6: features.includes("ipv6"),
    ...(vpc_uuid && { vpc: vpc_uuid }),
    tags: [...tags].sort(),
  };
}

async function volumesAt(api: Api, { volume_ids: ids = [] }: Shown): Promise<Volume[]> {
  if (ids.length === 0) return [];
  const all = await api.list<Volume>("volumes", "volumes");
  return all.filter(({ id }) => ids.includes(id));
}

function volumeSentence({ name, size_gigabytes }: Volume): string {
  return `the volume ${name} (${size_gigabytes} GiB): it remains attached to the droplet, but Muster does not move it if the droplet is replaced`;
}

function refuseUnfit(host: string, { id, tags, status, image }: Shown): void {
  const [tag] = foreignTags(undefined, tags);
  if (tag !== undefined) throw managedElsewhere(host, `${id}`, tag);
  const what = `droplet ${id} cannot be adopted`;
  if (!DISTRIBUTIONS.includes(image.distribution)) {
    const why = `its image is ${image.distribution}, but Muster needs Debian or Ubuntu with systemd.`;
    throw new InvalidError({
      where: host,
      what,
      why,
      next: "docs/host-kinds.md describes what is possible with other hosts.",
    });
  }
  if (status !== "active") {
    const next = "Turn it on at cloud.digitalocean.com, then run this again.";
    throw new MusterError({
      where: host,
      what,
      why: `its status is "${status}", so its contents cannot be read.`,
      next,
    });
  }
}

function unknownNumber(host: string, number: string): InvalidError {
  return new InvalidError({
    where: host,
    what: `there is no droplet ${number}`,
    why: "the account of this token has no droplet with that ID.",
    next: "The ID is in the URL of the droplet's page at cloud.digitalocean.com. `doctl compute droplet list` also prints it.",
  });
}

function withoutAddress(host: string, { id }: Shown): MusterError {
  return new MusterError({
    where: host,
    what: `droplet ${id} cannot be adopted`,
    why: "it has no public address, so its contents cannot be read.",
  });
}
