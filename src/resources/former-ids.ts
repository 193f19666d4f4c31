import type { Fleet } from "../config/fleet.ts";

/**
 * The ids that a resource had before it or its host was renamed.
 *
 * @param of the name of what it belongs to, and the former names
 * @param id builds the id from a host's name and its own name
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
