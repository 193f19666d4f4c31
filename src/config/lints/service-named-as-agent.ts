import type { Lint } from "./lint.ts";

/** Commands accept the name of an agent or of a service, and a service cannot create the user of an agent. */
export const serviceNamedAsAgent: Lint = (fleet, { agents }) =>
  Object.values(fleet.services).flatMap(({ name, user, account }) => {
    const users = new Set(Object.values(fleet.agents).map((agent) => agent.user));
    return [
      ...(agents?.has(name)
        ? [
            {
              keys: ["services", name],
              sentence:
                "is also the name of an agent: `fleet release` accepts both, so it would be ambiguous",
            },
          ]
        : []),
      ...(account !== undefined && users.has(user)
        ? [
            {
              keys: ["services", name, "account"],
              sentence: `would make the user "${user}", which belongs to an agent`,
            },
          ]
        : []),
    ];
  });
