import type { Lint } from "./lint.ts";

/** Refuses two agents with the same identity, because both would be the same agent. */
export const identityOfTwo: Lint = (fleet) => {
  const users = Map.groupBy(Object.values(fleet.agents), (agent) => agent.identity);
  return [...users].flatMap(([identity, [first, ...others]]) =>
    others.map((agent) => ({
      keys: ["agents", agent.name, "identity"],
      sentence: `identity "${identity}" already belongs to agent "${first?.name}": each agent needs its own identity`,
    })),
  );
};
