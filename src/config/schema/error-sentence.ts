import type { ErrorObject } from "ajv";
import { didYouMean } from "../suggest.ts";

/**
 * Returns the problem as a sentence without a subject. The path of the value is printed before the sentence.
 */
export function sentenceOf(error: ErrorObject): string {
  const keyword = BY_KEYWORD[error.keyword];
  if (keyword !== undefined && ALWAYS_OWN.has(error.keyword)) return keyword(error);
  const written = error.parentSchema?.["errorMessage"];
  if (typeof written === "string") return written;
  return keyword === undefined ? `is not allowed: ${error.message}` : keyword(error);
}

/**
 * The keywords for which BY_KEYWORD always provides the sentence. This sentence is more precise than the schema's own
 * message, because the schema's message describes the complete value.
 */
const ALWAYS_OWN = new Set(["required", "enum", "dependencies", "maxLength"]);

const BY_KEYWORD: Readonly<Record<string, (error: ErrorObject) => string>> = {
  additionalProperties: unknownKey,
  required: () => "is missing",
  enum: wrongChoice,
  dependencies: ({ params }) =>
    `has \`${params["property"]}\`, which is allowed only together with \`${params["missingProperty"]}\``,
  type: wrongType,
  minLength: () => "must not be empty",
  maxLength: (error) => `is longer than ${error.params["limit"]} characters`,
};

function unknownKey(error: ErrorObject): string {
  const key = String(error.params["additionalProperty"]);
  const known = Object.keys((error.parentSchema?.["properties"] ?? {}) as object);
  const guess = didYouMean(key, known);
  return `is not a known key${guess === "" ? `; known keys: ${known.join(", ")}` : guess}`;
}

function wrongChoice(error: ErrorObject): string {
  const choices = error.params["allowedValues"] as string[];
  const written = typeof error.data === "string" ? error.data : "";
  return `must be ${orOf(choices)}${didYouMean(written, choices)}`;
}

function orOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  object: "a map (name: value)",
  array: "a list",
  integer: "a whole number",
};

function wrongType(error: ErrorObject): string {
  const types = [error.params["type"]].flat() as string[];
  const wanted = KINDS[types.find((type) => type !== "null") ?? ""] ?? types.join(" or ");
  if (error.data === null) return `is empty: it must be ${wanted}`;
  const isBare = types.includes("string") && ["number", "boolean"].includes(typeof error.data);
  return isBare ? `must be ${wanted}: put it in quotes` : `must be ${wanted}`;
}
