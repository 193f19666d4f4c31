import { visible } from "../../base/terminal-text.ts";
import type { Scalar } from "../../model/items.ts";

/** The most characters of a value in a line. */
const LONGEST = 72;

/** The first 12 digits of a digest tell two apart by eye. */
const DIGEST = /^((?:sha256|secret):[0-9a-f]{12})[0-9a-f]+$/;

/** A property's value for a person: safe, and cut where it is long. */
export function shortValue(value: Scalar): string {
  const text = [...visible(String(value)).replace(DIGEST, "$1…")];
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1).join("")}…` : text.join("");
}

/** JSON that is safe to print and loses nothing: unsafe characters are \u escapes of JSON. */
export function safeJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2).split("\n").map(visible).join("\n")}\n`;
}
