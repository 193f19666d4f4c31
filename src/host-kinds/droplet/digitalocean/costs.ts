import type { CloudQuestion, DropletQuestion } from "../preflight-protocol.ts";
import { cloudName } from "../preflight-protocol.ts";
import type { DigitalOceanAccount } from "./account.ts";

/** Of the droplet's price, for weekly backups: https://docs.digitalocean.com/products/backups/details/pricing/ */
const BACKUPS = 0.2;
/** US dollars a GiB and month: https://docs.digitalocean.com/products/volumes/details/pricing/ */
const VOLUME_GIB = 0.1;

/** What something costs, US dollars a month; undefined where a size has no price in the API's list. */
export interface Cost {
  readonly what: string;
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** What each host and volume costs now, by what is there, and will after this run. Traffic is not in it. */
export function costsOf(
  question: CloudQuestion,
  account: DigitalOceanAccount,
  isKept: (host: string) => number | undefined,
): Cost[] {
  const hosts = question.droplets.map((droplet) => hostCost(droplet, account, isKept(droplet.host)));
  const known = new Set(question.droplets.map(({ host }) => isKept(host)));
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
  const there = account.droplets.find((one) => one.id === id) ?? account.byNumber.get(`${id}`);
  return {
    what: host,
    before:
      there === undefined
        ? 0
        : priceOf(account, there.size_slug, there.features?.includes("backups") ?? false),
    after: priceOf(account, size, backups),
  };
}

function volumeCosts(
  owner: string,
  { host, volumes }: DropletQuestion,
  account: DigitalOceanAccount,
): Cost[] {
  return Object.entries(volumes).map(([name, size]) => {
    const there = account.volumes.find((one) => one.name === cloudName(owner, host, name));
    return {
      what: `${host}/${name}`,
      before: (there?.size_gigabytes ?? 0) * VOLUME_GIB,
      after: size * VOLUME_GIB,
    };
  });
}

function priceOf({ prices }: DigitalOceanAccount, size: string, backups: boolean): number | undefined {
  const price = prices.get(size);
  return price === undefined ? undefined : price * (backups ? 1 + BACKUPS : 1);
}
