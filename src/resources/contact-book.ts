import { join } from "node:path";
import type { AgentSpec, Fleet } from "../spec/fleet.ts";
import type { ResourceDefinition } from "./definition.ts";
import { agentId } from "./ids.ts";
import { ofAgents } from "./of-agents.ts";

/** An agent's address book: the declared contacts as rows of a SQLite table; rows it learned stay its own. */
export const contactBook: ResourceDefinition = {
  type: "ContactBook",
  declare: (fleet, compiler) =>
    ofAgents(fleet, "ContactBook", "contacts", (agent) => ({
      needs: [agentId(agent, "identity")],
      items: {
        "contacts.db": {
          kind: "rows",
          path: join(agent.home, "contacts.db"),
          actor: agent.user,
          table: "contacts",
          want: {
            type: "file",
            rows: compiler.keep(rowsOf(fleet, agent)),
            owner: agent.user,
            group: agent.tenant,
            mode: "0600",
          },
        },
      },
    })),
};

/** Canonical JSON, so that the same contacts give the same digest in whatever order they stand. */
function rowsOf(fleet: Fleet, agent: AgentSpec): string {
  const rows = [...agent.contacts].sort().map((name) => {
    const columns = Object.entries(fleet.contacts[name]?.columns ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    return [name, Object.fromEntries(columns)] as const;
  });
  return JSON.stringify(Object.fromEntries(rows));
}
