import type { PaneAnswer } from "../../model/pane.ts";
import type { Screen } from "../../model/screen.ts";

/** The last screen that a host has sent. */
export interface PaneCopy extends Screen {
  /** The number of the screen; 0 before the first screen. */
  readonly number: number;
  readonly holder?: PaneAnswer["holder"];
}

export const NO_PANE: PaneCopy = { number: 0, width: 0, height: 0, rows: [] };

/**
 * The maximum number of rows that are shown. A limit is necessary, because the host determines the size of its answer.
 */
const MOST_ROWS = 500;

/** Applies an answer to the last screen. */
export function applyAnswer(before: PaneCopy, answer: PaneAnswer): PaneCopy {
  const { number, width, height, cursor, holder } = answer;
  const rows = answer.isComplete ? [] : [...before.rows];
  const length = Math.min(height, MOST_ROWS);
  for (let i = 0; i < length; i++) rows[i] = answer.rows[i] ?? rows[i] ?? [];
  return {
    ...{ number, width, height: length, rows: rows.slice(0, length) },
    ...(cursor && { cursor }),
    ...(holder && { holder }),
  };
}
