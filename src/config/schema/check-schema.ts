import type { ErrorObject } from "ajv";
import type { Keys } from "../problem.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { Part, YamlSource } from "../yaml/source.ts";
import { sentenceOf } from "./error-sentence.ts";
import type { Validator } from "./validator.ts";

/** Reports every place in a source that does not match the schema, with one sentence for each place. */
export function checkSchema(source: YamlSource, validate: Validator, report: ProblemReport): void {
  if (validate(source.value)) return;
  for (const error of (validate.errors ?? []).filter(saysSomething)) {
    if (report.isFull) return;
    const { keys, part } = placeOf(error, source.value);
    if (!report.hasErrorAt(source, keys)) report.error(source, keys, sentenceOf(error), part);
  }
}

/**
 * Whether an error should be reported. For `oneOf`, `anyOf`, `if` and `propertyNames`, ajv returns several errors about
 * one problem. Only one of these errors is reported.
 */
function saysSomething(error: ErrorObject): boolean {
  return !["if", "propertyNames"].includes(error.keyword) && !/\/(oneOf|anyOf)\//.test(error.schemaPath);
}

function placeOf(error: ErrorObject, root: unknown): { keys: Keys; part: Part } {
  const keys = keysOf(error.instancePath, root);
  if (error.propertyName !== undefined) return { keys: [...keys, error.propertyName], part: "key" };
  const named = error.params["additionalProperty"] ?? error.params["missingProperty"];
  if (named !== undefined) return { keys: [...keys, named as string], part: "key" };
  return { keys, part: "value" };
}

/** Converts a JSON pointer to keys. The index of a list becomes a number. */
function keysOf(pointer: string, root: unknown): Keys {
  let value = root;
  return pointer
    .split("/")
    .slice(1)
    .map((step) => {
      const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
      const key = Array.isArray(value) ? Number(name) : name;
      value = (value as Record<string | number, unknown> | undefined)?.[key];
      return key;
    });
}
