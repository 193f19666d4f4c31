import { diffArrays } from "diff";
import type { Detail } from "./items.ts";
import { shown, shownPair } from "./shorten-for-display.ts";

/** The maximum number of changed lines that are shown for one file. */
const MOST_SHOWN = 20;

/**
 * The maximum number of edits for which the diff searches. This maximum limits time and memory. If there are more
 * edits, all lines count as replaced.
 */
const MOST_EDITS = 2000;

/**
 * Returns a detail with the first changed line and a list of the changed lines; an empty list if the texts are equal.
 */
export function lineDetail(declared: string, observed: string): Detail[] {
  const changes = changesBetween(declared.split("\n"), observed.split("\n"));
  const [first] = changes;
  if (first === undefined) return [];
  const others = new Set(changes.map(({ at }) => at)).size - 1;
  const more = others === 0 ? "" : ` (and ${others} more line${others === 1 ? "" : "s"})`;
  const sideOf = (mark: Mark) => textAt(changes, first.at, mark);
  const [left, right] = shownPair(sideOf("-"), sideOf("+"));
  return [
    {
      property: "content",
      declared: `line ${first.at}: ${left}`,
      observed: `line ${first.at}: ${right}${more}`,
      lines: shownLines(changes),
    },
  ];
}

type Mark = "-" | "+";

interface Change {
  readonly mark: Mark;
  /** The number of the line in its text. The first line has the number 1. */
  readonly at: number;
  readonly text: string;
}

/** Returns the `-` and `+` lines of a unified diff, in order and without context lines. */
function changesBetween(a: readonly string[], b: readonly string[]): Change[] {
  const start = sameAtStart(a, b);
  const end = sameAtEnd(a, b, start);
  const [inA, inB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const changes: Change[] = [];
  let [atA, atB] = [start, start];
  const parts = diffArrays(inA, inB, { maxEditLength: MOST_EDITS }) ?? replaced(inA, inB);
  for (const { removed, added, value } of parts) {
    for (const text of value) {
      if (!added) atA += 1;
      if (!removed) atB += 1;
      if (removed) changes.push({ mark: "-", at: atA, text });
      if (added) changes.push({ mark: "+", at: atB, text });
    }
  }
  return changes;
}

function replaced(a: readonly string[], b: readonly string[]) {
  return [
    { removed: true, added: false, value: a },
    { removed: false, added: true, value: b },
  ];
}

function sameAtStart(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((line, i) => line !== b[i]);
  return at === -1 ? Math.min(a.length, b.length) : at;
}

function sameAtEnd(a: readonly string[], b: readonly string[], start: number): number {
  const most = Math.min(a.length, b.length) - start;
  let end = 0;
  while (end < most && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return end;
}

function shownLines(changes: readonly Change[]): string[] {
  const rest = changes.length - MOST_SHOWN;
  const lines = changes.slice(0, MOST_SHOWN).map((change) => shownChange(change, changes));
  return rest <= 0 ? lines : [...lines, `… and ${rest} more changed line${rest === 1 ? "" : "s"}`];
}

/** Shortens a changed line. If both texts have a changed line with this number, cuts both lines at the same place. */
function shownChange({ mark, at, text }: Change, changes: readonly Change[]): string {
  const other = textAt(changes, at, mark === "-" ? "+" : "-");
  return `${mark}${other === undefined ? shown(text) : shownPair(text, other)[0]}`;
}

function textAt(changes: readonly Change[], line: number, side: Mark): string | undefined {
  return changes.find(({ at, mark }) => at === line && mark === side)?.text;
}
