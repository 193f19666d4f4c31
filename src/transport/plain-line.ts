import { blankUnsafe } from "../base/terminal-text.ts";

const MOST = 400;

/** Text from a host as one line that is safe for a terminal, without escape sequences, of at most 400 characters. */
export function plainLine(text: string): string {
  const lines = text
    .replaceAll(ESCAPE_SEQUENCE, "")
    .split(/[\r\n]+/)
    .map((line) => blankUnsafe(line).trim())
    .filter((line) => line !== "" && !/^@[@ ]/.test(line));
  const line = lines.join("; ").replaceAll(/ {2,}/g, " ");
  return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/g;
