import type { CloudQuestion } from "../preflight-protocol.ts";
import { stackTag } from "../preflight-protocol.ts";
import { type Api, openApi } from "./api.ts";

/** A droplet in the API's response. Contains only the fields that Muster reads. */
export interface Droplet {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
  readonly size_slug: string;
  readonly features?: readonly string[];
  readonly region?: { readonly slug: string };
  readonly image?: { readonly id: number; readonly slug: string | null };
}

export interface SshKey {
  readonly id: number;
  readonly name: string;
  readonly public_key: string;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

export interface DigitalOceanProject extends Named {
  readonly description?: string;
}

export interface Volume extends Named {
  readonly size_gigabytes: number;
}

export interface ReservedIp {
  readonly ip: string;
  readonly droplet: { readonly id: number } | null;
}

/** The resources of an account that matter to a stack, with the prices and the account's limit. */
export interface DigitalOceanAccount {
  /** The droplets that have the stack's tag. */
  readonly droplets: readonly Droplet[];
  /** The existing droplets among those that were queried by ID, with or without the stack's tag. */
  readonly byNumber: ReadonlyMap<string, Droplet>;
  readonly keys: readonly SshKey[];
  readonly firewalls: readonly Named[];
  readonly volumes: readonly Volume[];
  readonly reservedIps: readonly ReservedIp[];
  readonly projects: readonly DigitalOceanProject[];
  /** The price of a droplet in US dollars per month, by its size. */
  readonly prices: ReadonlyMap<string, number>;
  /** The number of droplets that the account may have. */
  readonly limit: number;
  /** The number of droplets in the account, including those that Muster does not manage. */
  readonly count: number;
}

/**
 * Reads an account with a few parallel requests, however many droplets the stack has.
 *
 * @param numbers the IDs of the droplets in the inventory or in `adopt`
 * @throws MusterError if a request fails
 */
export async function readAccount(
  { owner, api: { url, token }, project, droplets }: CloudQuestion,
  numbers: readonly string[],
): Promise<DigitalOceanAccount> {
  const api = openApi(url, token);
  const hasVolumes = droplets.some(({ volumes }) => Object.keys(volumes).length > 0);
  const [tagged, all, keys, firewalls, volumes, reservedIps, projects, sizes, account] = await Promise.all([
    api.list<Droplet>(`droplets?tag_name=${encodeURIComponent(stackTag(owner))}`, "droplets"),
    api.list<Droplet>("droplets", "droplets"),
    api.list<SshKey>("account/keys", "ssh_keys"),
    api.list<Named>("firewalls", "firewalls"),
    hasVolumes ? api.list<Volume>("volumes", "volumes") : [],
    api.list<ReservedIp>("reserved_ips", "reserved_ips"),
    project === undefined ? [] : api.list<DigitalOceanProject>("projects", "projects"),
    api.list<{ slug: string; price_monthly: number }>("sizes", "sizes"),
    api.one<{ droplet_limit: number }>("account", "account"),
  ]);
  return {
    ...{ droplets: tagged, keys, firewalls, volumes, reservedIps, projects },
    byNumber: await byNumber(api, numbers, all),
    prices: new Map(sizes.map(({ slug, price_monthly }) => [slug, price_monthly])),
    limit: account?.droplet_limit ?? Number.POSITIVE_INFINITY,
    count: all.length,
  };
}

/**
 * Returns the existing droplets with these IDs, by ID. The list can be out of date, and a droplet may only be
 * treated as gone if it really is. Each droplet that is missing from the list is therefore queried by itself.
 */
async function byNumber(
  api: Api,
  numbers: readonly string[],
  listed: readonly Droplet[],
): Promise<ReadonlyMap<string, Droplet>> {
  const found = await Promise.all(
    numbers.map(async (number) => {
      const droplet =
        listed.find(({ id }) => `${id}` === number) ??
        (await api.one<Droplet>(`droplets/${number}`, "droplet"));
      return droplet === undefined ? [] : [[number, droplet] as const];
    }),
  );
  return new Map(found.flat());
}
