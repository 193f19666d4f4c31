import { blankUnsafe } from "../base/terminal-text.ts";

const MOST = 400;

/** Turns text from a host into one line of at most 400 characters that is safe to show in a terminal. */
export function plainLine(text: string): string {
  const lines = text
    .replaceAll(ESCAPE_SEQUENCE, "")
    .split(/[\r\n]+/)
    .map((line) => blankUnsafe(line).trim())
    .filter((line) => line !== "" && !/^@[@ ]/.test(line));
  const line = lines.join("; ").replaceAll(/ {2,}/g, " ");
  return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: this expression removes them
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/g;
