import { visible } from "../base/terminal-text.ts";

/** The maximum number of characters of one value that are shown. */
const WIDTH = 120;

/** Shortens a value and makes it safe to show in a terminal on one line; "nothing" for undefined. */
export function shown(text: string | undefined): string {
  if (text === undefined) return "nothing";
  const cut = text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
  return visible(cut);
}
