import { isKeyName, isOnlyReference } from "../../model/missing-value.ts";
import { parseUnitFile, valuesOf } from "../../model/unit-file.ts";
import type { AgentSpec, JobSpec } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import type { Lint, Remark } from "./lint.ts";
import { variablesOf } from "./secret-in-unit.ts";

/**
 * Refuses an environment variable for a key if its value is empty or only refers to another variable. A program would
 * send this text to its provider as the key. The variables of an adopted agent only cause a warning, because the agent
 * already runs with them.
 */
export const missingKey: Lint = (fleet) => [
  ...(["agents", "jobs"] as const).flatMap((section) =>
    Object.values<AgentSpec | JobSpec>(fleet[section]).flatMap((spec) => {
      const level = "replaces" in spec && spec.replaces.length > 0 ? ({ level: "warning" } as const) : {};
      return Object.entries(spec.env).flatMap(([variable, value]) =>
        remarksOn([section, spec.name, "env", variable], variable, value).map((one) => ({
          ...one,
          ...level,
        })),
      );
    }),
  ),
  ...Object.values(fleet.services).flatMap(({ name, text = "" }) =>
    valuesOf(parseUnitFile(text), "Service", "Environment")
      .flatMap(variablesOf)
      .flatMap(([variable, value]) =>
        remarksOn(["services", name, "unitFile"], variable, value).map((one) => ({
          ...one,
          sentence: `has ${variable} in Environment=, which ${one.sentence}`,
        })),
      ),
  ),
];

function remarksOn(keys: Keys, variable: string, value: string): Remark[] {
  if (!isKeyName(variable)) return [];
  const next = `declare a credential with \`env: ${variable}\``;
  if (value.trim() === "")
    return [{ keys, sentence: `is empty, and an empty text is not a key: ${next}, or remove this variable` }];
  const [reference = isOnlyReference(value) ? value.trim() : undefined] =
    /\$\{[A-Za-z_]\w*\}/.exec(value) ?? [];
  if (reference === undefined) return [];
  const sentence = `contains ${reference}, which nothing expands, so this text itself would be sent as the key: ${next}`;
  return [{ keys, sentence }];
}
