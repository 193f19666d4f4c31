import type { Lint } from "./lint.ts";

/** Commands take the name of an agent or of a service, and a user that a service makes is no agent's. */
export const serviceNamedAsAgent: Lint = (fleet, { agents }) =>
  Object.values(fleet.services).flatMap(({ name, user, account }) => {
    const users = new Set(Object.values(fleet.agents).map((agent) => agent.user));
    return [
      ...(agents?.has(name)
        ? [{ keys: ["services", name], sentence: "is the name of an agent: `fleet release` takes either" }]
        : []),
      ...(account !== undefined && users.has(user)
        ? [
            {
              keys: ["services", name, "account"],
              sentence: `would make the user "${user}", which is an agent's`,
            },
          ]
        : []),
    ];
  });
