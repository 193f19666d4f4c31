import type { Detail } from "./items.ts";
import { shown } from "./shown.ts";

/** Changed lines that a person is shown of one file. */
const MOST_SHOWN = 20;

/** Lines of a part that are compared one by one; a longer part counts as replaced whole. */
const MOST_COMPARED = 1000;

/** What differs between two texts, for a person to read: the first line of it, and the changed lines. */
export function lineDetail(declared: string, observed: string): Detail[] {
  const changes = changesBetween(declared.split("\n"), observed.split("\n"));
  const [first] = changes;
  if (first === undefined) return [];
  const others = new Set(changes.map(({ at }) => at)).size - 1;
  const more = others === 0 ? "" : ` (and ${others} more line${others === 1 ? "" : "s"})`;
  const sideOf = (mark: Mark) => changes.find((one) => one.at === first.at && one.mark === mark)?.text;
  return [
    {
      property: "content",
      declared: `line ${first.at}: ${shown(sideOf("-"))}`,
      observed: `line ${first.at}: ${shown(sideOf("+"))}${more}`,
      lines: shownLines(changes),
    },
  ];
}

type Mark = "-" | "+";

interface Change {
  readonly mark: Mark;
  /** The line's number in the text that it stands in, from 1. */
  readonly at: number;
  readonly text: string;
}

/** `-` and `+` lines in the order of a unified diff, without what is the same in both. */
function changesBetween(a: readonly string[], b: readonly string[]): Change[] {
  const start = sameAtStart(a, b);
  const end = sameAtEnd(a, b, start);
  const [inA, inB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const kept = Math.max(inA.length, inB.length) > MOST_COMPARED ? [] : commonLines(inA, inB);
  const changes: Change[] = [];
  let [i, j] = [0, 0];
  for (const [nextA, nextB] of [...kept, [inA.length, inB.length] as const]) {
    for (; i < nextA; i += 1) changes.push({ mark: "-", at: start + i + 1, text: inA[i] ?? "" });
    for (; j < nextB; j += 1) changes.push({ mark: "+", at: start + j + 1, text: inB[j] ?? "" });
    [i, j] = [nextA + 1, nextB + 1];
  }
  return changes;
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

/** The longest common subsequence, as pairs of indices. */
function commonLines(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const width = b.length + 1;
  const length = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => length[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      length[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}

function shownLines(changes: readonly Change[]): string[] {
  const rest = changes.length - MOST_SHOWN;
  const lines = changes.slice(0, MOST_SHOWN).map(({ mark, text }) => `${mark}${shown(text)}`);
  return rest <= 0 ? lines : [...lines, `… and ${rest} more changed line${rest === 1 ? "" : "s"}`];
}
