import type { Dialog, ScreenForm } from "../../model/conversation.ts";
import { ATTRIBUTES, DIM, type Screen, type ScreenRow, textOf } from "../../model/screen.ts";

/** The state of a runtime's prompt, as its terminal shows it. */
export type PromptState =
  | {
      readonly kind: "prompt";
      /** What somebody has typed at the prompt, without the runtime's own hints. */
      readonly draft: string;
      readonly isBusy: boolean;
    }
  | { readonly kind: "dialog"; readonly is: Dialog }
  | { readonly kind: "none"; readonly isBusy: boolean };

/** The number of rows at the bottom of the screen that are searched for a dialog or for a sign of work. */
const NEAR = 25;

/** A row that contains only a horizontal line, which can be a part of a box. */
const LINE = /^[╭╰┌└├]?[─━═]{10,}[╮╯┐┘┤]?$/u;

/** The frame of a box at the sides of a row. */
const FRAME = /^[\s│┃|]+|[\s│┃|]+$/gu;

const INVERSE = ATTRIBUTES[7] ?? 0;

/** Finds the prompt or the dialog on a screen. If the screen is ambiguous, the result is not `prompt`. */
export function readPrompt({ prompt, dialogs, busy }: ScreenForm, { rows }: Screen): PromptState {
  const texts = rows.map(textInFrame);
  const near = texts.filter((text) => text !== "").slice(-NEAR);
  const dialog = dialogs.find(({ text }) => near.some((line) => line.includes(text)))?.is;
  const found = prompt.isBetweenLines
    ? betweenLines(rows, texts)
    : afterMark(prompt.marks ?? [], rows, texts);
  const isBusy = busy.some((text) => near.some((line) => line.includes(text)));
  if (found === undefined)
    return dialog === undefined ? { kind: "none", isBusy } : { kind: "dialog", is: dialog };
  if (/^\d+[.)]\s/.test(found.line)) return { kind: "dialog", is: dialog ?? "menu" };
  const below = texts.slice(found.end);
  const open = dialogs.find(({ text }) => below.some((line) => line.includes(text)));
  if (open !== undefined) return { kind: "dialog", is: open.is };
  return { kind: "prompt", draft: found.draft, isBusy };
}

/** Returns the text of a row without the frame of a box. */
export function textInFrame(row: ScreenRow): string {
  return textOf(row).replaceAll(FRAME, "");
}

/** Whether a draft at a prompt is a text that Muster has pasted, or a part of such a text. */
export function isPasted(draft: string, text: string, mark: string | undefined): boolean {
  const shown = compact(draft);
  return shown !== "" && (compact(text).includes(shown) || (mark !== undefined && draft.includes(mark)));
}

/** Returns a text without white space. Runtimes change white space when they show or record a text. */
export function compact(text: string): string {
  return text.replaceAll(/\s+/gu, "");
}

interface FoundPrompt {
  /** The first row after the mark, with hints. */
  readonly line: string;
  readonly draft: string;
  /** The index of the first row after the prompt. */
  readonly end: number;
}

function afterMark(
  marks: readonly string[],
  rows: readonly ScreenRow[],
  texts: readonly string[],
): FoundPrompt | undefined {
  const markOf = (text: string) =>
    marks.find((one) => text === one || (/^\s/u.test(text.slice(one.length)) && text.startsWith(one)));
  const at = texts.findLastIndex((text) => markOf(text) !== undefined);
  if (at === -1) return undefined;
  const mark = markOf(texts[at] ?? "") ?? "";
  const after = texts.findIndex((text, i) => i > at && (text === "" || LINE.test(text)));
  const end = after === -1 ? texts.length : after;
  const typed = rows.slice(at, end).map((row) => typedIn(row).replaceAll(FRAME, ""));
  const [first = "", ...others] = typed;
  const draft = [first.startsWith(mark) ? first.slice(mark.length) : first, ...others].join("\n").trim();
  return { line: (texts[at] ?? "").slice(mark.length).trim(), draft, end };
}

function betweenLines(rows: readonly ScreenRow[], texts: readonly string[]): FoundPrompt | undefined {
  const end = texts.findLastIndex((text) => LINE.test(text));
  const start = texts.slice(0, Math.max(0, end)).findLastIndex((text) => LINE.test(text));
  if (start === -1) return undefined;
  const inside = rows.slice(start + 1, end).map((row) => typedIn(row).replaceAll(FRAME, ""));
  return { line: texts[start + 1] ?? "", draft: inside.join("\n").trim(), end };
}

/** Returns the typed text of a row. Hints are dim, but the first letter of a hint can be under a drawn cursor. */
function typedIn(row: ScreenRow): string {
  const isHint = (i: number) => ((row[i]?.attributes ?? 0) & DIM) !== 0;
  const isCursor = (i: number) => ((row[i]?.attributes ?? 0) & INVERSE) !== 0 && row[i]?.text.length === 1;
  return row
    .map(({ text }, i) => (isHint(i) || (isCursor(i) && isHint(i + 1)) ? " ".repeat(text.length) : text))
    .join("");
}
