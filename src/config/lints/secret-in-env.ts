import { isOnlyReference } from "../../model/missing-value.ts";
import type { AgentSpec, JobSpec } from "../fleet.ts";
import type { Lint } from "./lint.ts";

/** Refuses values that look like secrets, because many people can read fleet.yaml. */
export const secretInEnv: Lint = (fleet) =>
  (["agents", "jobs"] as const).flatMap((section) =>
    Object.values<AgentSpec | JobSpec>(fleet[section]).flatMap((one) =>
      Object.entries(one.env)
        .filter(([name, value]) => looksSecret(name, value))
        .map(([name]) => ({
          keys: [section, one.name, "env", name],
          sentence: `looks like a secret: declare a credential with \`env: ${name}\`, and replace the secret, because it has been in fleet.yaml`,
        })),
    ),
  );

/** Whether the name of a variable suggests a secret and its value looks random. */
export function looksSecret(name: string, value: string): boolean {
  return SECRET_NAME.test(name) && !isOnlyReference(value) && looksRandom(value);
}

const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD/i;
const SHORTEST = 16;

/**
 * The minimum entropy of a random value, in bits per character. English text of the same length has a lower
 * entropy.
 */
const RANDOM_ENTROPY = 3;

function looksRandom(value: string): boolean {
  if (value.length < SHORTEST || /\s|^[~./]|:\/\//.test(value)) return false;
  const counts = Map.groupBy(value, (letter) => letter);
  const shares = [...counts.values()].map((letters) => letters.length / value.length);
  return shares.reduce((bits, share) => bits - share * Math.log2(share), 0) >= RANDOM_ENTROPY;
}
