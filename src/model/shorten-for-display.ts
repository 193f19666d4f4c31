import { eastAsianWidth } from "get-east-asian-width";
import { visible } from "../base/terminal-text.ts";

/** The maximum number of terminal columns for one value. Wide characters take two columns. */
const WIDTH = 120;

/** Shortens a value and makes it safe for one line of a terminal. Returns "nothing" for undefined. */
export function shown(text: string | undefined, width = WIDTH): string {
  return text === undefined ? "nothing" : cutFrom(text, 0, width);
}

/**
 * Shows two values that differ, like `shown`. Cuts a long value around the first character that differs, so that the
 * difference is visible.
 */
export function shownPair(
  one: string | undefined,
  other: string | undefined,
  width = WIDTH,
): readonly [one: string, other: string] {
  if (one === undefined || other === undefined) return [shown(one, width), shown(other, width)];
  const at = firstDifference(one, other);
  // A third of the columns shows what precedes the difference.
  const start = at <= width / 2 ? 0 : at - Math.floor(width / 3);
  return [cutFrom(one, start, width), cutFrom(other, start, width)];
}

function firstDifference(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let at = 0;
  while (at < most && one[at] === other[at]) at += 1;
  return at;
}

/** Returns the part of a text that starts at `start` and fits into the width, with `…` for each omitted part. */
function cutFrom(text: string, start: number, width: number): string {
  if (text.length <= width) {
    const whole = visible(text);
    if (columnsOf(whole) <= width) return whole;
  }
  const from = pointBoundary(text, start);
  const lead = from === 0 ? "" : "…";
  // A character takes at most two UTF-16 units, and a line has at most `width` characters.
  const to = pointBoundary(text, Math.min(text.length, from + 2 * width));
  return fitted(lead, visible(text.slice(from, to)), width, to < text.length);
}

/** Moves an index out of the middle of a surrogate pair. */
function pointBoundary(text: string, index: number): number {
  const isInside = /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(index - 1, index + 1));
  return index > 0 && isInside ? index - 1 : index;
}

function fitted(lead: string, text: string, width: number, hasMore: boolean): string {
  if (!hasMore && columnsOf(lead + text) <= width) return lead + text;
  let result = lead;
  let left = width - lead.length - 1;
  for (const character of text) {
    left -= columnsOf(character);
    if (left < 0) break;
    result += character;
  }
  return `${result}…`;
}

/**
 * Returns the maximum number of terminal columns that a text takes. Does not use string-width, because the host runtime
 * starts for each connection, and string-width's tables of emoji sequences would take most of its start time.
 */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (character > "\u007f" && /^[\p{Mn}\p{Me}\p{Cf}]$/u.test(character)) continue;
    columns += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return columns;
}
