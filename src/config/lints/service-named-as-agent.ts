import type { Lint } from "./lint.ts";

/**
 * Refuses a service with the name of an agent, because some commands accept the names of both agents and services. Also
 * refuses a service that would create the Linux user of an agent.
 */
export const serviceNamedAsAgent: Lint = (fleet, { agents }) =>
  Object.values(fleet.services).flatMap(({ name, user, account }) => {
    const users = new Set(Object.values(fleet.agents).map((agent) => agent.user));
    return [
      ...(agents?.has(name)
        ? [
            {
              keys: ["services", name],
              sentence:
                "is also the name of an agent: `fleet release` accepts both, so the name would be ambiguous",
            },
          ]
        : []),
      ...(account !== undefined && users.has(user)
        ? [
            {
              keys: ["services", name, "account"],
              sentence: `would create the user "${user}", which belongs to an agent`,
            },
          ]
        : []),
    ];
  });
