import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { Items } from "../../model/items.ts";
import type { AgentPart } from "../../model/parts.ts";
import type { Compiler } from "../definition.ts";

/** A part of an agent: a pure function from the fleet to named items, empty where an agent has nothing of it. */
export interface AgentPartDefinition {
  readonly part: AgentPart;
  /** What all agents share is worked out once; what it returns is called for each of them. */
  build(fleet: Fleet, compiler: Compiler): (agent: AgentSpec) => Items;
}
