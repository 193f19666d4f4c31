import { visible } from "../../base/terminal-text.ts";

/** What one value must be: exactly this, of this pattern, or as the test says. */
export type Rule = string | boolean | RegExp | ((value: unknown) => boolean);

/** Every key that a map must have; one with `?` at its end may be left out. Any other key is refused. */
export type Shape = Readonly<Record<string, Rule>>;

/** `<project>/<stack>`. */
export const OWNER = /^[\w.-]{1,100}\/[\w.-]{1,100}$/;

/**
 * Holds a value that a client sent against a form.
 *
 * @returns what is wrong, as the end of a sentence; nothing where all is as it must be
 */
export function flawOf(value: unknown, form: Shape): string | undefined {
  if (!isMap(value)) return "is no map";
  const rules = new Map(Object.entries(form).map(([key, rule]) => [key.replace(/\?$/, ""), rule]));
  const unknown = Object.keys(value).find((key) => !rules.has(key));
  if (unknown !== undefined) return `has ${quoteValue(unknown)}, which it may not have`;
  const wrong = Object.entries(form).find(([key, rule]) => !fits(value, key, rule));
  if (wrong === undefined) return undefined;
  const key = wrong[0].replace(/\?$/, "");
  return `has ${key} ${quoteValue(value[key])}${typeof wrong[1] === "string" ? `, which must be ${wrong[1]}` : ""}`;
}

/** A client's value, made safe for a message. */
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
