import type { Screen } from "../../model/screen.ts";
import type { Viewport } from "./draw-screen.ts";

/** The part of the screen that a person has chosen with the arrow keys; undefined to follow the cursor. */
export interface Chosen {
  readonly left: number;
  readonly top: number;
}

/**
 * Chooses the part of a screen that fits a smaller terminal: the chosen part, or the part around the cursor. If the
 * screen has no cursor, chooses the bottom of the screen, because programs show their prompt there.
 */
export function viewportOf(
  { width, height, cursor, rows }: Screen,
  size: { readonly columns: number; readonly rows: number },
  chosen: Chosen | undefined,
): Viewport {
  const columns = Math.max(1, size.columns);
  const lines = Math.max(1, size.rows - 1);
  const [mostLeft, mostTop] = [Math.max(0, width - columns), Math.max(0, height - lines)];
  const used = rows.findLastIndex((row) => row.some(({ text }) => text.trim() !== "")) + 1;
  const place = cursor ?? { x: 0, y: Math.max(0, used - 1) };
  const left = chosen?.left ?? (place.x < columns ? 0 : place.x - Math.floor(columns / 2));
  const top = chosen?.top ?? Math.max(place.y - lines + 1, used - lines);
  return { columns, lines, left: clamp(left, mostLeft), top: clamp(top, mostTop) };
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(most, value));
}
