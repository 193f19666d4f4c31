import { MusterError } from "../../../base/errors.ts";
import type { CloudQuestion } from "../preflight-protocol.ts";
import { stackTag } from "../preflight-protocol.ts";
import { type Api, openApi } from "./api.ts";

/** A droplet in a response from the API, with only the fields that Muster reads. */
export interface Droplet {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
  readonly size_slug: string;
  readonly features?: readonly string[];
  readonly region?: { readonly slug: string };
  readonly image?: { readonly id: number; readonly slug: string | null };
  readonly vpc_uuid?: string;
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
  readonly filesystem_type?: string;
  readonly description?: string;
  readonly region?: { readonly slug: string };
}

export interface ReservedIp {
  readonly ip: string;
  readonly droplet: { readonly id: number } | null;
  readonly region?: { readonly slug: string };
}

/** The resources of an account that matter to a stack, the prices, and the maximum number of droplets. */
export interface DigitalOceanAccount {
  /** The droplets that have the stack's tag. */
  readonly droplets: readonly Droplet[];
  /** The droplets that were queried by ID and that exist, with or without the tag of the stack. */
  readonly byNumber: ReadonlyMap<string, Droplet>;
  /**
   * The IDs of droplets that the API could not show, with the reasons. It is not known whether these droplets exist.
   */
  readonly unread: ReadonlyMap<string, string>;
  readonly keys: readonly SshKey[];
  readonly firewalls: readonly Named[];
  readonly volumes: readonly Volume[];
  readonly reservedIps: readonly ReservedIp[];
  readonly projects: readonly DigitalOceanProject[];
  /** The price of a droplet in US dollars per month, by its size. */
  readonly prices: ReadonlyMap<string, number>;
  /** The maximum number of droplets that DigitalOcean allows for the account. */
  readonly limit: number;
  /** The number of droplets in the account, including those that Muster does not manage. */
  readonly count: number;
}

/**
 * Reads an account with a few parallel requests. The number of requests does not depend on the number of droplets.
 *
 * @param numbers the IDs of the droplets in the inventory or in `adopt`
 * @throws MusterError if a request fails
 */
export async function readAccount(
  { owner, api: { url, token }, project }: Pick<CloudQuestion, "owner" | "api" | "project">,
  numbers: readonly string[],
): Promise<DigitalOceanAccount> {
  const api = openApi(url, token);
  const [tagged, all, keys, firewalls, volumes, reservedIps, projects, sizes, account] = await Promise.all([
    api.list<Droplet>(`droplets?tag_name=${encodeURIComponent(stackTag(owner))}`, "droplets"),
    api.list<Droplet>("droplets", "droplets"),
    api.list<SshKey>("account/keys", "ssh_keys"),
    api.list<Named>("firewalls", "firewalls"),
    api.list<Volume>("volumes", "volumes"),
    api.list<ReservedIp>("reserved_ips", "reserved_ips"),
    project === undefined ? [] : api.list<DigitalOceanProject>("projects", "projects"),
    api.list<{ slug: string; price_monthly: number }>("sizes", "sizes"),
    api.one<{ droplet_limit: number }>("account", "account"),
  ]);
  return {
    ...{ droplets: tagged, keys, firewalls, volumes, reservedIps, projects },
    ...(await byNumber(api, numbers, all)),
    prices: new Map(sizes.map(({ slug, price_monthly }) => [slug, price_monthly])),
    limit: account?.droplet_limit ?? Number.POSITIVE_INFINITY,
    count: all.length,
  };
}

/**
 * Returns the droplets with these IDs, by ID. Omits droplets that no longer exist. The list of all droplets can be out
 * of date, but Muster must never treat an existing droplet as deleted. Therefore, if a droplet is missing from the
 * list, a separate request checks whether the droplet exists. A failure of this request concerns only this droplet.
 */
async function byNumber(
  api: Api,
  numbers: readonly string[],
  listed: readonly Droplet[],
): Promise<Pick<DigitalOceanAccount, "byNumber" | "unread">> {
  const known = new Map<string, Droplet>();
  const unread = new Map<string, string>();
  const read = async (number: string): Promise<void> => {
    try {
      const found = listed.find(({ id }) => `${id}` === number);
      const droplet = found ?? (await api.one<Droplet>(`droplets/${number}`, "droplet"));
      if (droplet !== undefined) known.set(number, droplet);
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      unread.set(number, error.message);
    }
  };
  await Promise.all(numbers.map(read));
  return { byNumber: known, unread };
}
