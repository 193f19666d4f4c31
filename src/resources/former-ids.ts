import type { Fleet } from "../config/fleet.ts";

/**
 * Returns the ids that a resource had before the resource or its host was renamed.
 *
 * @param of the agent, tenant, reader or service of the resource, with its former names
 * @param id builds the resource's id from the name of the host and the name in `of`
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
