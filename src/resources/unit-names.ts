import type { AgentSpec } from "../config/fleet.ts";
import { agentUnit } from "../model/host-paths.ts";

/**
 * Returns a tenant's slice. `-` is escaped, because it
 * would put the slice inside another one; systemd.slice(5).
 */
export const sliceName = (tenant: string): string => `muster-${tenant.replaceAll("-", "\\x2d")}.slice`;

export const unitName = (agent: Pick<AgentSpec, "name">): string => agentUnit(agent.name);

/**
 * Returns the unit that runs an agent now: the agent's own, or the former unit that still runs the agent
 * until the take-over.
 */
export function runningUnit(agent: AgentSpec): string {
  const [former] = agent.takeOver === "later" ? agent.replaces : [];
  return former ?? unitName(agent);
}
