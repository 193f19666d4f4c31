import { visible } from "../../base/terminal-text.ts";
import type { Scalar } from "../../model/items.ts";
import { shown, shownPair } from "../../model/shorten-for-display.ts";

/** The maximum number of columns for a value. */
const LONGEST = 72;

/** Matches a digest. Only the first 12 digits are shown, because they are enough to distinguish two digests. */
const DIGEST = /^((?:sha256|secret):[0-9a-f]{12})[0-9a-f]+$/;

/** Formats a property's value for people: safe for a terminal, and cut if it is long. */
export function shortValue(value: Scalar): string {
  return shown(withoutDigits(value), LONGEST);
}

/**
 * Formats the declared and the observed value of a property for people: safe for a terminal and, if they are
 * long, cut around their first difference.
 */
export function shortPair(declared: Scalar, observed: Scalar): readonly [string, string] {
  return shownPair(withoutDigits(declared), withoutDigits(observed), LONGEST);
}

function withoutDigits(value: Scalar): string {
  return String(value).replace(DIGEST, "$1…");
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
