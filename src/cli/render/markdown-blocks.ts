import { visible } from "../../base/terminal-text.ts";
import type { Scalar } from "../../model/items.ts";
import { shortPair, shortValue } from "./text.ts";

/**
 * The maximum number of characters in each part of the page. The sum of all parts is below the forges' limit for one
 * text (GitHub: 65,536).
 */
const MOST = { table: 16_000, diffs: 10_000, list: 3_000 };

/** The maximum length of a changed line, in characters. Longer lines are truncated. */
const LINE = 160;

/** Renders a table. Returns an empty text if the table has no rows. */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const { kept, left } = within(MOST.table, rows.map(line));
  const more = left === 0 ? [] : ["", `… and ${left} more.`];
  return [line(columns), line(columns.map(() => "---")), ...kept, ...more].join("\n");
}

/** Renders a list under a title, without duplicate lines. Returns an empty text if the list has no lines. */
export function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const { kept, left } = within(
    MOST.list,
    [...new Set(lines)].map((line) => `- ${line}`),
  );
  return [`### ${title}`, "", ...kept, ...(left === 0 ? [] : [`- … and ${left} more`])].join("\n");
}

type Diff = readonly [place: readonly string[], lines: readonly string[] | undefined];

/**
 * Renders changed lines in code blocks. Each fence is longer than every sequence of backticks in the lines, so that no
 * line can close the block.
 */
export function diffs(all: readonly Diff[]): string {
  const blocks = all.flatMap(([place, lines]) => {
    if (lines === undefined || lines.length === 0) return [];
    const safe = lines.map((line) => [...visible(line)].slice(0, LINE).join(""));
    const longest = Math.max(
      2,
      ...safe.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)),
    );
    const fence = "`".repeat(longest + 1);
    return [[place.map(cell).join(" "), "", `${fence}diff`, ...safe, fence].join("\n")];
  });
  const { kept, left } = within(MOST.diffs, blocks);
  return [...kept, ...(left === 0 ? [] : [`… and the changed lines of ${left} more.`])].join("\n\n");
}

/** Returns the first pieces that together have at most `most` characters, and the number of omitted pieces. */
function within(most: number, pieces: readonly string[]): { kept: string[]; left: number } {
  let room = most;
  const fitting = pieces.findIndex((piece) => {
    room -= piece.length + 1;
    return room < 0;
  });
  const kept = fitting === -1 ? [...pieces] : pieces.slice(0, fitting);
  return { kept, left: pieces.length - kept.length };
}

/** Renders a value for a table: as code, and cut if it is long. */
export function cell(value: string | number | boolean): string {
  return code(shortValue(value));
}

/** Renders two different values like `cell`, and shortens both to the part around their first difference. */
export function cellPair(one: Scalar, other: Scalar): readonly [string, string] {
  const [left, right] = shortPair(one, other);
  return [code(left), code(right)];
}

/**
 * Renders text as code that contains no link, mention, image or table border. All punctuation becomes character
 * references, because Markdown never reads character references as syntax (CommonMark 0.31, 2.5). Backslashes are not
 * enough: Markdown can read a character after a backslash as syntax.
 */
export function code(text: string): string {
  return `<code>${visible(text).replace(/[!-+\-./:-@[-`{-~]/g, (char) => `&#${char.charCodeAt(0)};`)}</code>`;
}
