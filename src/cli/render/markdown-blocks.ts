import { visible } from "../../base/terminal-text.ts";
import { shortValue } from "./text.ts";

/**
 * Characters that a part of the page may take at most. All parts together stay below what the forges take as one
 * text (GitHub: 65,536).
 */
const MOST = { table: 16_000, diffs: 10_000, list: 3_000 };

/** Characters of one changed line. */
const LINE = 160;

/** A table; nothing where it has no rows. */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const { kept, left } = within(MOST.table, rows.map(line));
  const more = left === 0 ? [] : ["", `… and ${left} more.`];
  return [line(columns), line(columns.map(() => "---")), ...kept, ...more].join("\n");
}

/** A list under a title, each line once; nothing where it has none. */
export function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const { kept, left } = within(
    MOST.list,
    [...new Set(lines)].map((line) => `- ${line}`),
  );
  return [`### ${title}`, "", ...kept, ...(left === 0 ? [] : [`- … and ${left} more`])].join("\n");
}

type Diff = readonly [place: readonly string[], lines: readonly string[] | undefined];

/** The changed lines of texts, each in a block that none of them can end. */
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

/** The first pieces that fit into so many characters, and how many do not. */
function within(most: number, pieces: readonly string[]): { kept: string[]; left: number } {
  let room = most;
  const fitting = pieces.findIndex((piece) => {
    room -= piece.length + 1;
    return room < 0;
  });
  const kept = fitting === -1 ? [...pieces] : pieces.slice(0, fitting);
  return { kept, left: pieces.length - kept.length };
}

/** A value as it stands in a table: code, and cut where it is long. */
export function cell(value: string | number | boolean): string {
  return code(shortValue(value));
}

/**
 * Text that nothing in it can turn into a link, a mention, an image or a table's border: a character
 * reference stands for itself alone, unlike a backslash (CommonMark 0.31, 2.5).
 */
export function code(text: string): string {
  return `<code>${visible(text).replace(/[!-+\-./:-@[-`{-~]/g, (char) => `&#${char.charCodeAt(0)};`)}</code>`;
}
