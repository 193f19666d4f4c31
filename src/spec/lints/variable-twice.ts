import type { AgentSpec, Fleet } from "../fleet.ts";
import type { Lint, Remark } from "./lint.ts";

/** Of two claims to one environment variable only one could win, and nobody could tell which. */
export const variableTwice: Lint = (fleet) =>
  Object.values(fleet.agents).flatMap((agent) => claimedTwice(agent, fleet));

function claimedTwice(agent: AgentSpec, fleet: Fleet): Remark[] {
  const claims = new Map(Object.keys(agent.env).map((variable) => [variable, `its env`]));
  return agent.credentials.flatMap((name, index) => {
    const variable = fleet.credentials[name]?.env;
    if (variable === undefined) return [];
    const earlier = claims.get(variable);
    claims.set(variable, `credential "${name}"`);
    if (earlier === undefined) return [];
    const sentence = `credential "${name}" sets ${variable}, which ${earlier} sets already`;
    return [{ keys: ["agents", agent.name, "credentials", index], sentence }];
  });
}
