import type { AgentSpec } from "../config/fleet.ts";
import { agentUnit } from "../model/host-paths.ts";

/** A `-` in a slice's name would nest it in another slice, under its limits; systemd.slice(5). */
export const sliceName = (tenant: string): string => `muster-${tenant.replaceAll("-", "\\x2d")}.slice`;

export const unitName = (agent: Pick<AgentSpec, "name">): string => agentUnit(agent.name);

/** The unit that runs an agent now: its own, or an earlier one that it does not replace yet. */
export function runningUnit(agent: AgentSpec): string {
  const [former] = agent.takeOver === "later" ? agent.replaces : [];
  return former ?? unitName(agent);
}
