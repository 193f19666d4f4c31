import { InvalidError, MusterError } from "../../../base/errors.ts";
import { foreignTags } from "../preflight-protocol.ts";
import type { DropletSpec } from "../spec.ts";
import type { Droplet, ReservedIp, Volume } from "./account.ts";
import { type Api, openApi } from "./api.ts";
import { coveringFirewall, type Firewall, type FoundFirewall } from "./describe-firewall.ts";
import { anothers } from "./match-droplet.ts";

/** What DigitalOcean tells of a droplet as fleet.yaml declares it. */
type Declared = Pick<
  DropletSpec,
  "region" | "size" | "image" | "backups" | "monitoring" | "ipv6" | "vpc" | "tags" | "reservedIp"
>;

/** A droplet that somebody made, as it would be declared. */
export interface FoundDroplet extends Declared {
  readonly id: string;
  readonly name: string;
  /** Where it is reached: its reserved IP, or its own address. */
  readonly address: string;
  /** The one that covers it alone, and says nothing that fleet.yaml cannot say. */
  readonly firewall?: FoundFirewall;
  /** What it has besides, and keeps: sentences. */
  readonly left: readonly string[];
}

/** As the API shows it: https://docs.digitalocean.com/reference/api/ */
interface Shown extends Required<Droplet> {
  readonly status: string;
  readonly image: Required<Droplet>["image"] & { readonly distribution?: string };
  readonly vpc_uuid?: string;
  readonly volume_ids?: readonly string[];
  readonly networks: { readonly v4: readonly { readonly ip_address: string; readonly type: string }[] };
}

/** On what Muster itself is tried; of an image that somebody brought DigitalOcean knows no name. */
const DISTRIBUTIONS = ["Debian", "Ubuntu", "Unknown", "Unknown OS", undefined];

/**
 * Looks at a droplet with all that belongs to it, and changes nothing.
 *
 * @param host what it is to be called in fleet.yaml
 * @param port of its sshd
 * @throws MusterError where it cannot be taken up, or not be looked at
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
  return `the volume ${name} (${size_gigabytes} GiB): it stays at the droplet, and does not move to another by itself`;
}

function refuseUnfit(host: string, { id, tags, status, image }: Shown): void {
  const [tag] = foreignTags(undefined, tags);
  if (tag !== undefined) throw anothers(host, `${id}`, tag);
  const what = `droplet ${id} cannot be taken up`;
  if (!DISTRIBUTIONS.includes(image.distribution)) {
    const why = `its image is of ${image.distribution}, and Muster's hosts are Debian or Ubuntu, with systemd.`;
    throw new InvalidError({
      where: host,
      what,
      why,
      next: "docs/host-kinds.md says what another host can be.",
    });
  }
  if (status !== "active") {
    const next = "Switch it on at cloud.digitalocean.com, then run this again.";
    throw new MusterError({
      where: host,
      what,
      why: `it is ${status}, so nobody can look what is on it.`,
      next,
    });
  }
}

function unknownNumber(host: string, number: string): InvalidError {
  return new InvalidError({
    where: host,
    what: `there is no droplet ${number}`,
    why: "the account of this token has none of that number.",
    next: "Its number stands in the address of its page at cloud.digitalocean.com, and in `doctl compute droplet list`.",
  });
}

function withoutAddress(host: string, { id }: Shown): MusterError {
  return new MusterError({
    where: host,
    what: `droplet ${id} cannot be taken up`,
    why: "it has no public address, so nobody can look what is on it.",
  });
}
