import { parseUnitFile, valuesOf } from "../../model/unit-file.ts";
import type { Lint } from "./lint.ts";
import { looksSecret } from "./secret-in-env.ts";

/**
 * Refuses secrets in the text of a unit, because everyone with access to the host or to fleet.yaml can read this text.
 */
export const secretInUnit: Lint = (fleet) =>
  Object.values(fleet.services).flatMap(({ name, text = "" }) =>
    valuesOf(parseUnitFile(text), "Service", "Environment")
      .flatMap(variablesOf)
      .filter(([variable, value]) => looksSecret(variable, value))
      .map(([variable]) => ({
        keys: ["services", name, "unitFile"],
        sentence: `has a value that looks like a secret in ${variable}: declare a credential with \`env: ${variable}\`, and use a new secret there`,
      })),
  );

/** Parses `A=1 "B=2 3"` into names and values. */
export function variablesOf(value: string): [string, string][] {
  return [...value.matchAll(/"?\b(\w+)=((?<=")[^"]*|[^\s"]*)/g)].map(([, name = "", text = ""]) => [
    name,
    text,
  ]);
}
