import type { Fleet } from "../config/fleet.ts";

/**
 * The ids that something on a host had before it or its host was renamed.
 *
 * @param of what it is of: its name of today and those before
 * @param id the id under one name of the host and one of its own
 */
export function formerIds(
  fleet: Fleet,
  host: string,
  of: { readonly name: string; readonly formerly: readonly string[] },
  id: (host: string, name: string) => string,
): string[] {
  const hosts = [host, ...(fleet.hosts[host]?.formerly ?? [])];
  const ids = hosts.flatMap((one) => [of.name, ...of.formerly].map((name) => id(one, name)));
  return ids.slice(1);
}
