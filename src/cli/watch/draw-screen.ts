import stringWidth from "string-width";
import { ATTRIBUTES, RGB, type Screen, type ScreenRow, type ScreenSpan } from "../../model/screen.ts";

/** The part of a terminal's screen that is drawn, and the size of the person's own terminal. */
export interface Viewport {
  readonly columns: number;
  /** The number of lines without the status line. */
  readonly lines: number;
  /** The first column and the first row of the visible part. */
  readonly left: number;
  readonly top: number;
}

const ESC = "\u001b";

/** Switches to the alternate screen without automatic line breaks, and back. */
export const OPEN_SCREEN = `${ESC}[?1049h${ESC}[?7l${ESC}[2J`;
export const CLOSE_SCREEN = `${ESC}[0m${ESC}[?7h${ESC}[?25h${ESC}[?1049l`;

/**
 * Characters that do not fill a cell by themselves: control characters, line and paragraph separators, lone
 * surrogates, private characters, and format characters except the joiners, which emoji and some scripts need.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

/**
 * Returns the escape sequences that draw a screen. All sequences are made from positions, colours and attributes. Of
 * the agent's text, only characters that fill a cell are printed, so the text cannot contain escape sequences.
 *
 * @param status the text of the last line
 * @param drawn the current content of the person's terminal, one text for each line; this function updates it
 */
export function drawScreen(screen: Screen, view: Viewport, status: string, drawn: string[]): string {
  const lines = Array.from({ length: view.lines }, (_, i) => drawRow(screen.rows[view.top + i] ?? [], view));
  lines.push(`${ESC}[0;7m${fitted(status, view.columns)}`);
  const changed = lines.flatMap((line, i) => {
    if (drawn[i] === line) return [];
    drawn[i] = line;
    return [`${ESC}[${i + 1};1H${line}${ESC}[0m${ESC}[K`];
  });
  return `${changed.length === 0 ? "" : `${ESC}[?25l${changed.join("")}`}${drawCursor(screen, view)}`;
}

/** Makes a text safe for one line of a terminal. Each character that fills no cell becomes a replacement character. */
export function cellText(text: string): string {
  return text.replaceAll(UNSAFE, "\ufffd");
}

function drawRow(row: ScreenRow, { left, columns }: Viewport): string {
  let column = 0;
  let line = "";
  for (const span of row) {
    let text = "";
    for (const { segment } of GRAPHEMES.segment(cellText(String(span.text)))) {
      const width = stringWidth(segment);
      if (column >= left && column + width <= left + columns) text += segment;
      column += width;
      if (column >= left + columns) break;
    }
    if (text !== "") line += `${sgr(span)}${text}`;
  }
  return line;
}

const GRAPHEMES = new Intl.Segmenter();

function sgr({ fg, bg, attributes = 0 }: ScreenSpan): string {
  const codes = Object.entries(ATTRIBUTES).flatMap(([code, bit]) => ((attributes & bit) === 0 ? [] : [code]));
  return `${ESC}[${["0", ...codes, ...colour(38, fg), ...colour(48, bg)].join(";")}m`;
}

function colour(code: number, value: number | undefined): string[] {
  if (value === undefined || !Number.isInteger(value) || value < 0 || value >= 2 * RGB) return [];
  if (value < RGB) return value > 255 ? [] : [`${code};5;${value}`];
  return [`${code};2;${(value >> 16) & 255};${(value >> 8) & 255};${value & 255}`];
}

function drawCursor({ cursor }: Screen, { left, top, columns, lines }: Viewport): string {
  const [x, y] = [Math.trunc(cursor?.x ?? -1) - left, Math.trunc(cursor?.y ?? -1) - top];
  const isInside = x >= 0 && x < columns && y >= 0 && y < lines;
  return isInside ? `${ESC}[${y + 1};${x + 1}H${ESC}[?25h` : `${ESC}[?25l`;
}

function fitted(text: string, columns: number): string {
  const safe = [...cellText(text)].slice(0, columns).join("");
  return safe.padEnd(columns);
}
