import type { Lint } from "./lint.ts";

/**
 * Refuses agents of two tenants with one Linux user. A tenant with `isolation: tenant` has a user with its name, which
 * an agent of another tenant with the same name would share.
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
