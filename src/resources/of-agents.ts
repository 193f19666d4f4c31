import type { Declaration, ResourceType } from "../model/declaration.ts";
import type { AgentSpec, Fleet } from "../spec/fleet.ts";
import { agentId, formerIds } from "./ids.ts";

/** What an agent's resource of one type needs and is made of; nothing where it has no such resource. */
export type AgentPart = Pick<Declaration, "needs" | "items"> | undefined;

/** Declares a resource type for every agent. `part` names it within the agent: `east/iris/PART`. */
export function ofAgents(
  fleet: Fleet,
  type: ResourceType,
  part: string,
  make: (agent: AgentSpec) => AgentPart,
): Declaration[] {
  return Object.values(fleet.agents).flatMap((agent) => {
    const made = make(agent);
    if (made === undefined) return [];
    const { host, tenant, name, protect } = agent;
    const formerly = formerIds(fleet, host, agent, (at, as) => agentId({ host: at, name: as }, part));
    return [{ type, id: agentId(agent, part), host, tenant, agent: name, formerly, protect, ...made }];
  });
}
