import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { AgentPart } from "../../model/agent-parts.ts";
import type { Items } from "../../model/items.ts";
import type { Compiler } from "../definition.ts";

/**
 * A part of an agent: a pure function that converts a fleet to named items. The function returns no items for an agent
 * that does not have the part.
 */
export interface AgentPartDefinition {
  readonly part: AgentPart;
  /** Computes the values that all agents share. Returns a function that is called for each agent. */
  build(fleet: Fleet, compiler: Compiler): (agent: AgentSpec) => Items;
}
