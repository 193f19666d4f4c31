import { visible } from "../base/terminal-text.ts";

/** The maximum number of characters that are shown for one value. */
const WIDTH = 120;

/** Shortens a value and makes it safe to show in a terminal on one line. Returns "nothing" for undefined. */
export function shown(text: string | undefined): string {
  if (text === undefined) return "nothing";
  const cut = text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
  return visible(cut);
}
