import { visible } from "../../base/terminal-text.ts";
import type { Scalar } from "../../model/items.ts";

/** The maximum number of characters of a value in a line. */
const LONGEST = 72;

/**
 * Matches a digest, which is shown with its first 12 digits only: enough to tell two digests apart by eye.
 */
const DIGEST = /^((?:sha256|secret):[0-9a-f]{12})[0-9a-f]+$/;

/** Formats a property's value for people: safe for a terminal, and cut if it is long. */
export function shortValue(value: Scalar): string {
  const text = [...visible(String(value)).replace(DIGEST, "$1…")];
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1).join("")}…` : text.join("");
}

/**
 * Returns the word for a state in text and Markdown, which show `away` as "unreachable". JSON keeps `away`.
 */
export function stateText(state: string): string {
  return state === "away" ? "unreachable" : state;
}

/** Formats JSON that is safe to print without any loss: unsafe characters become \u escapes. */
export function safeJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2).split("\n").map(visible).join("\n")}\n`;
}
