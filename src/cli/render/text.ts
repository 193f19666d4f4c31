import type { Scalar } from "../../model/items.ts";

/** Control and format characters, among them ESC and the right-to-left overrides, and lone surrogates. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Longest value that a line shows whole. */
const LONGEST = 72;

/** The first 12 digits of a digest tell two apart by eye. */
const DIGEST = /^((?:sha256|secret):[0-9a-f]{12})[0-9a-f]+$/;

/**
 * Text from a host made safe for a terminal: on one line, and what could move the cursor, colour, hide or
 * reorder is shown as an escape such as \u001b instead.
 */
export function visible(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** A property's value for a person: safe, and cut where it is long. */
export function shortValue(value: Scalar): string {
  const text = [...visible(String(value)).replace(DIGEST, "$1…")];
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1).join("")}…` : text.join("");
}

/** JSON that is as safe to print and loses nothing: unsafe characters stand in it as \u escapes. */
export function safeJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replace(UNSAFE, (char) => (char === "\n" ? char : escaped(char)))}\n`;
}

/** "1 agent", "5 agents". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function escaped(char: string): string {
  return [...Array(char.length).keys()]
    .map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}
