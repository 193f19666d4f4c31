import type { Lint } from "./lint.ts";

/** A tenant with one uid has a user with its name. An agent of another tenant with that name would share the user. */
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
