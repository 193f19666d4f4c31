import type { Path, Tree, Value } from "./values.ts";

/** Reads the text of a settings file, and changes its keys in place. */
export interface Format {
  readonly name: string;
  /** The maximum size in bytes of a file that is parsed. */
  readonly most: number;
  /** @throws Unmergeable */
  readonly parse: (text: string) => Tree;
  /**
   * Changes or adds the value at a path. For each key before the last key of the path, the value must be a map or
   * missing.
   */
  readonly set: (text: string, path: Path, value: Value) => string;
  /** Removes the key at a path. The key must exist. */
  readonly remove: (text: string, path: Path) => string;
}

/**
 * Reports that the keys of a text cannot be read or changed. The message is a sentence without a subject, and quotes no
 * value.
 */
export class Unmergeable extends Error {}

/** Returns the error for invalid syntax at an offset in a text, with the line number. */
export function invalidText(format: string, flaw: string, text: string, at: number): Unmergeable {
  const line = text.slice(0, at).split("\n").length;
  return new Unmergeable(`is not valid ${format}: ${flaw} (line ${line})`);
}

export function notAMap(): Unmergeable {
  return new Unmergeable("has no keys: its top level must be a map");
}

/** Replaces the text between two offsets. */
export function splice(text: string, from: number, to: number, insert: string): string {
  return text.slice(0, from) + insert + text.slice(to);
}

/** Returns the line ending of a text. */
export function eolOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? "\n";
}

/** Returns the offset of the start of the line that contains an offset. */
export function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Returns the offset of the start of the line after an offset, or the end of the text. */
export function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}

/**
 * Inserts complete lines at the start of a line or at the end of a text. The last line of the text can lack a line end.
 */
export function insertLines(text: string, at: number, lines: readonly string[]): string {
  const eol = eolOf(text);
  const lead = at > 0 && text[at - 1] !== "\n" ? eol : "";
  return splice(text, at, at, lead + lines.map((line) => `${line}${eol}`).join(""));
}

/** Writes a text in double quotes, in a form that JSON, YAML and TOML have in common. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
