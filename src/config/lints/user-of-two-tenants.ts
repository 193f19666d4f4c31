import type { Lint } from "./lint.ts";

/** A tenant with one uid has a user of its name; an agent of that name in another tenant would be the same. */
export const userOfTwoTenants: Lint = (fleet) => {
  const byUser = Map.groupBy(Object.values(fleet.agents), (agent) => agent.user);
  return [...byUser].flatMap(([user, [first, ...others]]) =>
    others
      .filter((agent) => agent.tenant !== first?.tenant)
      .map((agent) => ({
        keys: ["agents", agent.name],
        sentence: `runs as Linux user "${user}", as agent "${first?.name}" of tenant "${first?.tenant}" does`,
      })),
  );
};
