import type { AgentSpec } from "../../config/fleet.ts";
import type { FileItem } from "../../model/items.ts";
import { unitName } from "../unit-names.ts";

/**
 * Returns the properties for a file item that the agent reads only when it starts. These properties determine when a
 * running agent restarts after a change to this file.
 */
export function readAtStart(agent: AgentSpec): Pick<FileItem, "notify" | "restart" | "within"> {
  const { restart, deadline } = agent.onChange;
  return { notify: unitName(agent), restart, ...(restart === "when-idle" && { within: deadline }) };
}
