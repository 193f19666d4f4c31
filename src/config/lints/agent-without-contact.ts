import type { Lint } from "./lint.ts";

/** Requires a contact for each agent, because other agents find an agent only by its contact. */
export const agentWithoutContact: Lint = (fleet, { contacts }) =>
  Object.keys(fleet.agents)
    .filter((agent) => contacts !== undefined && !contacts.has(agent))
    .map((agent) => ({
      keys: ["agents", agent],
      sentence: `has no contact entry, so no other agent can find it: add "${agent}" to the contacts`,
    }));
