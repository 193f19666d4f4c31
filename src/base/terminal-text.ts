/**
 * The one rule of what must not reach a terminal as it is: control characters such as ESC, format characters such as
 * the right-to-left overrides, line and paragraph separators, and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Of the format characters, those that reorder text. The others are part of emoji and of Persian words. */
const REORDERS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Text on one line and safe for a terminal: each unsafe character is written as an escape such as `\u001b`. */
export function visible(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** The same with a space for each unsafe character. */
export function blankUnsafe(text: string): string {
  return text.replace(UNSAFE, " ");
}

/** Whether text can neither move the cursor, break a line nor reorder itself: what fleet.yaml may hold. */
export function isPrintable(text: string): boolean {
  const unsafe = text.match(UNSAFE) ?? [];
  return unsafe.every((char) => /\p{Cf}/u.test(char) && !REORDERS.test(char));
}

function escaped(char: string): string {
  return [...Array(char.length).keys()]
    .map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}
