import type { CloudQuestion } from "../preflight-protocol.ts";
import { stackTag } from "../preflight-protocol.ts";
import { type Api, openApi } from "./api.ts";

/** A droplet as the API shows it, as far as it is read here. */
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

/** What there is of ours in an account, and what it may have and cost. */
export interface DigitalOceanAccount {
  /** Those with the stack's tag. */
  readonly droplets: readonly Droplet[];
  /** Droplets that were asked for by number and are there, with the stack's tag or without. */
  readonly byNumber: ReadonlyMap<string, Droplet>;
  readonly keys: readonly SshKey[];
  readonly firewalls: readonly Named[];
  readonly volumes: readonly Volume[];
  readonly reservedIps: readonly ReservedIp[];
  readonly projects: readonly DigitalOceanProject[];
  /** US dollars a month by size. */
  readonly prices: ReadonlyMap<string, number>;
  /** How many droplets the account may have. */
  readonly limit: number;
  /** How many it has, of anybody. */
  readonly count: number;
}

/**
 * Looks at an account: a handful of questions, all at once, whatever the number of droplets.
 *
 * @param numbers the droplets that are known from before
 * @throws MusterError where anything of it is not told
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

/** What a list does not have yet, or has no more, is asked for itself: what is to be made again must truly be gone. */
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
