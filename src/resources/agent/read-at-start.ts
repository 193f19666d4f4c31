import type { AgentSpec } from "../../config/fleet.ts";
import type { FileItem } from "../../model/items.ts";
import { unitName } from "../unit-names.ts";

/** Returns when a running agent restarts after a change to a file that it reads when it starts. */
export function readAtStart(agent: AgentSpec): Pick<FileItem, "notify" | "restart" | "within"> {
  const { restart, deadline } = agent.onChange;
  return { notify: unitName(agent), restart, ...(restart === "when-idle" && { within: deadline }) };
}
