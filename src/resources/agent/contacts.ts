import { join } from "node:path";
import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { AgentPartDefinition } from "./part.ts";

/**
 * An agent's contact book: the declared contacts, as rows of a SQLite table. Muster does not change rows that the agent
 * has added.
 */
export const contactsPart: AgentPartDefinition = {
  part: "contacts",
  build: (fleet, compiler) => {
    const rows = canonicalRows(fleet);
    return (agent) => ({
      "contacts.db": {
        kind: "rows",
        path: join(agent.home, "contacts.db"),
        actor: agent.user,
        table: "contacts",
        ...(agent.onRemove === "delete" && { onRemove: "wipe" }),
        want: {
          type: "file",
          rows: compiler.keep(rowsOf(agent, rows)),
          owner: agent.user,
          group: agent.tenant,
          mode: "0600",
        },
      },
    });
  },
};

/**
 * Renders each contact as canonical JSON: `"name":{…}` with sorted columns. This is done once for all agents.
 */
function canonicalRows({ contacts }: Fleet): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(contacts).map(([name, { columns }]) => {
      const sorted = Object.entries(columns).sort(([a], [b]) => (a < b ? -1 : 1));
      return [name, `${JSON.stringify(name)}:${JSON.stringify(Object.fromEntries(sorted))}`];
    }),
  );
}

/**
 * Renders an agent's contacts as canonical JSON, so that the digest does not depend on the order in
 * fleet.yaml.
 */
function rowsOf(agent: AgentSpec, rows: ReadonlyMap<string, string>): string {
  return `{${[...agent.contacts].sort().flatMap((name) => rows.get(name) ?? [])}}`;
}
