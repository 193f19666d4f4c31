import type { AgentSpec, Fleet } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import type { Lint, Remark } from "./lint.ts";

/** Refuses two sources for one environment variable, because the value would be undefined. */
export const variableTwice: Lint = (fleet) => [
  ...Object.values(fleet.agents).flatMap((agent) => {
    const runs = agent.failover?.choices ?? [agent];
    const env = Object.keys(agent.env);
    const placeOf = (credential: string) => placeOfAgent(agent, credential);
    const remarks = runs.flatMap(({ credentials }) => claimedTwice(env, credentials, fleet, placeOf));
    return [...new Map(remarks.map((one) => [one.sentence, one])).values()];
  }),
  ...Object.values(fleet.services).flatMap(({ name, credentials }) =>
    claimedTwice([], credentials, fleet, (credential) => [
      "services",
      name,
      "credentials",
      credentials.indexOf(credential),
    ]),
  ),
];

/**
 * Reports each variable that has two sources.
 *
 * @param credentials the names of the credentials that are in the environment of a run
 */
function claimedTwice(
  env: readonly string[],
  credentials: readonly string[],
  fleet: Fleet,
  placeOf: (credential: string) => Keys,
): Remark[] {
  const claims = new Map(env.map((variable) => [variable, "the agent's `env`"]));
  return credentials.flatMap((name) => {
    const variable = fleet.credentials[name]?.env;
    if (variable === undefined) return [];
    const earlier = claims.get(variable);
    claims.set(variable, `credential "${name}"`);
    if (earlier === undefined) return [];
    const sentence = `credential "${name}" sets ${variable}, which ${earlier} sets already`;
    return [{ keys: placeOf(name), sentence }];
  });
}

/**
 * Returns the place where an agent declares a credential: in `credentials`, or in an entry of `providers`.
 */
function placeOfAgent({ name, credentials, failover }: AgentSpec, credential: string): Keys {
  const choices = failover?.choices ?? [];
  const isOfAll = choices.every((one) => one.credentials.includes(credential));
  if (isOfAll) return ["agents", name, "credentials", credentials.indexOf(credential)];
  const at = choices.findIndex((one) => one.credentials.includes(credential));
  return ["agents", name, "providers", at, "credential"];
}
