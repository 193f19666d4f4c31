import type { AgentSpec } from "../../config/fleet.ts";
import type { FileItem } from "../../model/items.ts";
import { unitName } from "../unit-names.ts";

/** For a file that an agent reads when it starts: when the running agent restarts after a change of it. */
export function readAtStart(agent: AgentSpec): Pick<FileItem, "notify" | "restart" | "within"> {
  const { restart, deadline } = agent.onChange;
  return { notify: unitName(agent), restart, ...(restart === "when-idle" && { within: deadline }) };
}
