import type { LogAnswer } from "../../model/pane.ts";
import { cellText } from "../watch/draw-screen.ts";

/** Renders journal entries with their time, and then the lines of the terminal, each after a vertical bar. */
export function renderLogs({ entries }: Pick<LogAnswer, "entries">, lines: readonly string[]): string {
  const journal = entries.map(({ time, program, text }) => `${cellText(`${time} ${program}: ${text}`)}\n`);
  return [...journal, ...lines.map((line) => `| ${cellText(line)}\n`)].join("");
}

/**
 * Returns the lines of a terminal's history that an earlier read did not return. If a line has changed since the
 * earlier read, this line and all lines after it count as new.
 */
export function newLines(before: readonly string[], now: readonly string[]): readonly string[] {
  const [first] = before;
  if (first === undefined) return now;
  // When the history is full, the terminal removes its first lines. The current lines can therefore begin at any line
  // of the earlier read.
  for (let start = 0; start < before.length; start++) {
    const rest = before.slice(start);
    const same = commonLength(rest, now);
    if (same === rest.length || (same > 0 && start + same >= before.length - 1)) return now.slice(same);
  }
  return now;
}

function commonLength(one: readonly string[], other: readonly string[]): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}
