import type { Lint } from "./lint.ts";

/**
 * Refuses a Linux user that agents of two tenants would share. Agents share a user if an agent of one tenant has the
 * name of another tenant with `isolation: tenant`.
 */
export const userOfTwoTenants: Lint = (fleet) => {
  const byUser = Map.groupBy(Object.values(fleet.agents), (agent) => agent.user);
  return [...byUser].flatMap(([user, [first, ...others]]) =>
    others
      .filter((agent) => agent.tenant !== first?.tenant)
      .map((agent) => ({
        keys: ["agents", agent.name],
        sentence: `runs as Linux user "${user}", which agent "${first?.name}" of tenant "${first?.tenant}" also uses`,
      })),
  );
};
