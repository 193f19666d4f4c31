import { visible } from "../base/terminal-text.ts";

/** The most characters of one value that are shown. */
const WIDTH = 120;

/** Text that is safe in a terminal and on one line. */
export function shown(text: string | undefined): string {
  if (text === undefined) return "nothing";
  const cut = text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
  return visible(cut);
}
