import type { CloudQuestion, DropletQuestion } from "../preflight-protocol.ts";
import { cloudName } from "../preflight-protocol.ts";
import type { DigitalOceanAccount } from "./account.ts";

/**
 * The price of weekly backups, as a fraction of the price of the droplet:
 * https://docs.digitalocean.com/products/backups/details/pricing/
 */
const BACKUPS = 0.2;
/**
 * The price of a volume, in US dollars per GiB per month:
 * https://docs.digitalocean.com/products/volumes/details/pricing/
 */
const VOLUME_GIB = 0.1;

/**
 * The price of a resource before and after the run, in US dollars per month. A price is undefined if the API lists no
 * price for the resource's size.
 */
export interface Cost {
  readonly what: string;
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/**
 * Returns the price of each droplet and volume before and after this run. Traffic is not included.
 *
 * @param idOf returns the ID of a host's current droplet
 */
export function costsOf(
  question: CloudQuestion,
  account: DigitalOceanAccount,
  idOf: (host: string) => number | undefined,
): Cost[] {
  const hosts = question.droplets.map((droplet) => hostCost(droplet, account, idOf(droplet.host)));
  const known = new Set(question.droplets.map(({ host }) => idOf(host)));
  const leaving = account.droplets.filter(({ id }) => !known.has(id));
  const gone = leaving.map((droplet) => ({
    what: droplet.name,
    before: priceOf(account, droplet.size_slug, droplet.features?.includes("backups") ?? false),
    after: 0,
  }));
  const volumes = question.droplets.flatMap((droplet) => volumeCosts(question.owner, droplet, account));
  return [...hosts, ...gone, ...volumes];
}

function hostCost(
  { host, size, backups }: DropletQuestion,
  account: DigitalOceanAccount,
  id: number | undefined,
): Cost {
  const existing = account.droplets.find((one) => one.id === id) ?? account.byNumber.get(`${id}`);
  return {
    what: host,
    before:
      existing === undefined
        ? 0
        : priceOf(account, existing.size_slug, existing.features?.includes("backups") ?? false),
    after: priceOf(account, size, backups),
  };
}

function volumeCosts(
  owner: string,
  { host, volumes }: DropletQuestion,
  account: DigitalOceanAccount,
): Cost[] {
  return Object.entries(volumes).map(([name, { size }]) => {
    const existing = account.volumes.find((one) => one.name === cloudName(owner, host, name));
    return {
      what: `${host}/${name}`,
      before: (existing?.size_gigabytes ?? 0) * VOLUME_GIB,
      after: size * VOLUME_GIB,
    };
  });
}

function priceOf({ prices }: DigitalOceanAccount, size: string, backups: boolean): number | undefined {
  const price = prices.get(size);
  return price === undefined ? undefined : price * (backups ? 1 + BACKUPS : 1);
}
