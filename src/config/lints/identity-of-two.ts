import type { Lint } from "./lint.ts";

/** Two agents with one identity are one agent twice: each of them believes that it is the other. */
export const identityOfTwo: Lint = (fleet) => {
  const users = Map.groupBy(Object.values(fleet.agents), (agent) => agent.identity);
  return [...users].flatMap(([identity, [first, ...others]]) =>
    others.map((agent) => ({
      keys: ["agents", agent.name, "identity"],
      sentence: `identity "${identity}" is that of agent "${first?.name}" already: each agent needs its own`,
    })),
  );
};
