/**
 * The characters that must not be written to a terminal unchanged: control characters such as ESC, format
 * characters such as right-to-left overrides, line and paragraph separators, and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * The format characters that reorder text. All other format characters are allowed, because emoji and Persian words
 * contain such characters.
 */
const REORDERS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * Makes a text safe to show on one line of a terminal. Replaces each unsafe character with an escape such as `\u001b`.
 */
export function visible(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** Like `visible`, but replaces each unsafe character with a space. */
export function blankUnsafe(text: string): string {
  return text.replace(UNSAFE, " ");
}

/**
 * Whether a text contains no character that moves the cursor, breaks lines or reorders text. Except in
 * scripts and file contents, fleet.yaml can contain only such texts.
 */
export function isPrintable(text: string): boolean {
  const unsafe = text.match(UNSAFE) ?? [];
  return unsafe.every((char) => /\p{Cf}/u.test(char) && !REORDERS.test(char));
}

function escaped(char: string): string {
  return [...Array(char.length).keys()]
    .map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}
