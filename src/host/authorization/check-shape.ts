import { visible } from "../../base/terminal-text.ts";

/** A rule for a value: a string or boolean that it must equal, a pattern to match, or a test to pass. */
export type Rule = string | boolean | RegExp | ((value: unknown) => boolean);

/**
 * The keys of a valid map, each with the rule for its value. A key that ends with `?` is optional. All other
 * keys are refused.
 */
export type Shape = Readonly<Record<string, Rule>>;

/** The form of a stack's full name: `<project>/<stack>`. */
export const OWNER = /^[\w.-]{1,100}\/[\w.-]{1,100}$/;

/**
 * Checks a value that a client sent.
 *
 * @returns the error, as the end of a sentence; undefined if the value is valid
 */
export function flawOf(value: unknown, form: Shape): string | undefined {
  if (!isMap(value)) return "is not a map";
  const rules = new Map(Object.entries(form).map(([key, rule]) => [key.replace(/\?$/, ""), rule]));
  const unknown = Object.keys(value).find((key) => !rules.has(key));
  if (unknown !== undefined) return `has the unknown key ${quoteValue(unknown)}`;
  const wrong = Object.entries(form).find(([key, rule]) => !fits(value, key, rule));
  if (wrong === undefined) return undefined;
  const key = wrong[0].replace(/\?$/, "");
  const must = typeof wrong[1] === "string" ? `, which must be ${wrong[1]}` : "";
  return `has an invalid value for ${key}: ${quoteValue(value[key])}${must}`;
}

/** Quotes a client's value so that a message can safely contain it. */
export function quoteValue(value: unknown): string {
  return visible(JSON.stringify(value) ?? "nothing").slice(0, 100);
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fits(value: Readonly<Record<string, unknown>>, key: string, rule: Rule): boolean {
  const name = key.replace(/\?$/, "");
  if (!Object.hasOwn(value, name)) return key.endsWith("?");
  const one = value[name];
  if (typeof rule === "function") return rule(one);
  return rule instanceof RegExp ? typeof one === "string" && rule.test(one) : one === rule;
}
