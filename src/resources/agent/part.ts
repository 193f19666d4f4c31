import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { Items } from "../../model/items.ts";
import type { AgentPart } from "../../model/parts.ts";
import type { Compiler } from "../definition.ts";

/**
 * A part of an agent: a pure function from the fleet to named
 * items. It returns no items for an agent without the part.
 */
export interface AgentPartDefinition {
  readonly part: AgentPart;
  /** Computes what all agents share, and returns a function that is called for each agent. */
  build(fleet: Fleet, compiler: Compiler): (agent: AgentSpec) => Items;
}
