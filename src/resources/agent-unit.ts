import { join } from "node:path";
import { UNIT_DIR } from "../model/layout.ts";
import type { ResourceDefinition } from "./definition.ts";
import { agentId, unitName } from "./ids.ts";
import { ofAgents } from "./of-agents.ts";
import { unitText } from "./unit-text.ts";

/** The systemd unit that keeps an agent running: its text, enabled at boot, and running now. */
export const agentUnit: ResourceDefinition = {
  type: "AgentUnit",
  declare: (fleet, compiler) =>
    ofAgents(fleet, "AgentUnit", "unit", (agent) => ({
      needs: [
        agentId(agent, "identity"),
        agentId(agent, "contacts"),
        ...(agent.credentials.length > 0 ? [agentId(agent, "credentials")] : []),
      ],
      items: {
        "unit file": {
          kind: "file",
          path: join(UNIT_DIR, unitName(agent)),
          notify: unitName(agent),
          want: {
            type: "file",
            content: compiler.keep(unitText(fleet, agent)),
            owner: "root",
            group: "root",
            mode: "0644",
          },
        },
        unit: {
          kind: "unit",
          name: unitName(agent),
          want: { enabled: "enabled", active: "running", overrides: "none" },
        },
      },
    })),
};
