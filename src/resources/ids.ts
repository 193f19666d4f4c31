import { agentUnit } from "../model/layout.ts";
import type { AgentSpec, Fleet } from "../spec/fleet.ts";

type OfAgent = Pick<AgentSpec, "host" | "name">;

/** Ids are stable over runs: records on hosts and Pulumi's names are made of them. */
export const hostId = (host: string): string => `${host}/host`;

export const tenantId = (host: string, tenant: string): string => `${host}/tenant-${tenant}`;

export const readerId = (host: string, reader: string): string => `${host}/reader-${reader}`;

export const agentId = (agent: OfAgent, part: string): string => `${agent.host}/${agent.name}/${part}`;

export const hostJobsId = (host: string): string => `${host}/jobs`;
export const serviceId = (host: string, service: string): string => `${host}/${service}/service`;

/** A `-` in a slice's name would put it inside another's slice, and under its limits; systemd.slice(5). */
export const sliceName = (tenant: string): string => `muster-${tenant.replaceAll("-", "\\x2d")}.slice`;

/** The unit that runs an agent now: its own, or one that was there before and is not taken over yet. */
export function runningUnit(agent: AgentSpec): string {
  const [former] = agent.takeOver === "later" ? agent.replaces : [];
  return former ?? unitName(agent);
}

export const unitName = (agent: Pick<AgentSpec, "name">): string => agentUnit(agent.name);

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
