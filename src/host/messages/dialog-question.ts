import type { ScreenForm } from "../../model/conversation.ts";
import type { Screen } from "../../model/screen.ts";
import { readPrompt, textInFrame } from "./read-prompt.ts";

/** The first choice of a menu, possibly with a mark before it. */
const FIRST_CHOICE = /^(?:[❯›>*●○]\s*)?1[.)]\s/u;

/** A row with at least one letter. */
const WORDS = /\p{L}/u;

/** Returns the question of the dialog that is open on a screen; undefined if no dialog is open. */
export function openQuestion(form: ScreenForm, screen: Screen): string | undefined {
  const rows = dialogRows(form, screen);
  if (rows === undefined) return undefined;
  const known = form.dialogs.filter(({ is }) => is !== "menu").map(({ text }) => text);
  const asked = rows.findLast((row) => known.some((text) => row.includes(text)));
  if (asked !== undefined) return asked;
  const first = rows.findLastIndex((row) => FIRST_CHOICE.test(row));
  return first > 0 ? rows[first - 1] : rows[0];
}

/**
 * Returns the rows with words of an open dialog and of the text above the dialog; undefined if no dialog is open. A
 * dialog can replace the text between the two lines of a prompt.
 */
function dialogRows(form: ScreenForm, screen: Screen): readonly string[] | undefined {
  const state = readPrompt(form, screen);
  const all = screen.rows.map(textInFrame).filter((row) => WORDS.test(row));
  if (state.kind !== "prompt") return state.kind === "dialog" ? all : undefined;
  const { draft } = state;
  const isDialog = form.prompt.isBetweenLines && form.dialogs.some(({ text }) => draft.includes(text));
  return isDialog ? draft.split("\n").filter((row) => WORDS.test(row)) : undefined;
}
