import type { AgentSpec, FormerSpec } from "../config/fleet.ts";
import { formerLabel } from "../model/former-unit.ts";
import { agentUnit } from "../model/host-paths.ts";

/**
 * Returns the name of a tenant's slice. Escapes each `-` in the name, because systemd would otherwise put the slice
 * inside another slice; see systemd.slice(5).
 */
export const sliceName = (tenant: string): string => `muster-${tenant.replaceAll("-", "\\x2d")}.slice`;

export const unitName = (agent: Pick<AgentSpec, "name">): string => agentUnit(agent.name);

/** Returns the former unit that runs an agent before the take-over; undefined if the agent's own unit runs it. */
export function runningFormer(agent: AgentSpec): FormerSpec | undefined {
  return agent.takeOver === "later" ? agent.replaces[0] : undefined;
}

/**
 * Returns the name of the unit that currently runs an agent: its own unit or, before the take-over, the former unit.
 */
export function runningUnit(agent: AgentSpec): string {
  const former = runningFormer(agent);
  return former === undefined ? unitName(agent) : formerLabel(former);
}
