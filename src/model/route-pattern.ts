/**
 * A pattern that finds tasks by their words, such as `git push` or `github + credential*`. A pattern matches a text
 * that contains all phrases of the pattern. A phrase is a sequence of words; a `*` at its end matches any ending of the
 * last word. There are no other wildcards, so the time for a match grows only with the length of the text.
 */
export interface RoutePattern {
  /** The declared text. */
  readonly source: string;
  /** Each phrase with a space before it and, unless it ends with `*`, a space after it. */
  readonly phrases: readonly string[];
}

/** The maximum number of characters of a text that are compared. Further characters are ignored. */
const MOST_COMPARED = 100_000;

/** The codes of the characters that separate words: all of ASCII except NUL, the space, letters and digits. */
export const SEPARATORS: readonly number[] = Array.from({ length: 127 }, (_, i) => i + 1).filter(
  (code) => code !== 32 && !/[a-zA-Z0-9]/.test(String.fromCharCode(code)),
);

/**
 * Parses a pattern.
 *
 * @returns the pattern or, if the text is not a pattern, the error as the end of a sentence
 */
export function parsePattern(source: string): RoutePattern | { readonly flaw: string } {
  const phrases = source.split("+").map((phrase) => phrase.trim());
  if (phrases.some((phrase) => words(phrase) === "")) return { flaw: "has a phrase without a word" };
  if (phrases.some((phrase) => phrase.slice(0, -1).includes("*")))
    return { flaw: "has a `*` that is not at the end of a phrase" };
  return {
    source,
    phrases: phrases.map((phrase) => ` ${words(phrase)}${phrase.endsWith("*") ? "" : " "}`),
  };
}

/** Whether a text contains all phrases of a pattern. @param text the result of `comparedText` */
export function matchesPattern({ phrases }: RoutePattern, text: string): boolean {
  return phrases.every((phrase) => text.includes(phrase));
}

/** Converts a task's text to the form in which it is compared: lower-case words, with a space around each. */
export function comparedWords(text: string): string {
  return ` ${words(text.slice(0, MOST_COMPARED))} `;
}

/**
 * Returns the words of a text with single spaces between them. All characters of ASCII except letters and
 * digits separate words, so `git-push` and `git  push` have the same words.
 */
function words(text: string): string {
  return text
    .replaceAll(/[\0-/:-@[-`{-\x7f]+/g, " ")
    .trim()
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
