import type { Fleet } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import type { Lint, Remark } from "./lint.ts";

/** Of two claims to one environment variable only one could win, and nobody could tell which. */
export const variableTwice: Lint = (fleet) => [
  ...Object.values(fleet.agents).flatMap(({ name, env, credentials }) =>
    claimedTwice(["agents", name], Object.keys(env), credentials, fleet),
  ),
  ...Object.values(fleet.services).flatMap(({ name, credentials }) =>
    claimedTwice(["services", name], [], credentials, fleet),
  ),
];

function claimedTwice(
  keys: Keys,
  env: readonly string[],
  credentials: readonly string[],
  fleet: Fleet,
): Remark[] {
  const claims = new Map(env.map((variable) => [variable, `its env`]));
  return credentials.flatMap((name, index) => {
    const variable = fleet.credentials[name]?.env;
    if (variable === undefined) return [];
    const earlier = claims.get(variable);
    claims.set(variable, `credential "${name}"`);
    if (earlier === undefined) return [];
    const sentence = `credential "${name}" sets ${variable}, which ${earlier} sets already`;
    return [{ keys: [...keys, "credentials", index], sentence }];
  });
}
