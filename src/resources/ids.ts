import type { AgentSpec } from "../spec/fleet.ts";

/** Ids are stable over runs: records on hosts and Pulumi's names are made of them. */
export const hostId = (host: string): string => `${host}/host`;

export const tenantId = (host: string, tenant: string): string => `${host}/tenant-${tenant}`;

export const agentId = (agent: AgentSpec, part: string): string => `${agent.host}/${agent.name}/${part}`;

/** A `-` in a slice's name would put it inside another's slice, and under its limits; systemd.slice(5). */
export const sliceName = (tenant: string): string => `muster-${tenant.replaceAll("-", "\\x2d")}.slice`;

export const unitName = (agent: AgentSpec): string => `muster-agent-${agent.name}.service`;
