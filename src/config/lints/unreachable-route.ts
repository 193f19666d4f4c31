import type { Lint } from "./lint.ts";

/**
 * Refuses a route to an agent that is not in the sender's contact book. Tasks on such a route would be lost
 * silently.
 */
export const unreachableRoute: Lint = (fleet, declared) =>
  Object.values(fleet.agents).flatMap((agent) =>
    agent.routesTo.flatMap((to, index) => {
      const isKnown = declared["contacts"] === undefined || agent.contacts.includes(to);
      const keys = ["agents", agent.name, "routesTo", index];
      const sentence = `"${agent.name}" routes to "${to}" but has no contact "${to}" in its contact book`;
      return isKnown ? [] : [{ keys, sentence }];
    }),
  );
