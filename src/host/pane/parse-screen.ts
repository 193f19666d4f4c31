import { ATTRIBUTES, RGB, type ScreenRow, type ScreenSpan, type ScreenStyle } from "../../model/screen.ts";

/** The graphics of the VT100 character set for the letters from ` to ~; see "special graphics" in terminfo(5). */
const GRAPHICS = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

/** One token of a captured line: an SGR sequence, another sequence, a control character, or text. */
const TOKEN = new RegExp(
  [
    "\\u001b\\[(?<sgr>[\\d;:]*)m",
    "\\u001b\\[[0-?]*[ -/]*[@-~]?",
    "\\u001b[\\]PX^_][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?",
    "\\u001b[ -~]?",
    "(?<control>[\\u0000-\\u001f\\u007f-\\u009f])",
    "(?<text>[^\\u0000-\\u001f\\u007f-\\u009f]+)",
  ].join("|"),
  "gu",
);

/**
 * Parses the output of `tmux capture-pane -e`. Everything except text and its style is dropped.
 *
 * @param lines the captured lines, one for each row
 */
export function parseScreen(lines: readonly string[]): ScreenRow[] {
  const pen: Pen = { style: {}, isGraphic: false };
  return lines.map((line) => parseRow(line, pen));
}

/** The state that continues from one row to the next. */
interface Pen {
  style: ScreenStyle;
  isGraphic: boolean;
}

function parseRow(line: string, pen: Pen): ScreenSpan[] {
  const spans: ScreenSpan[] = [];
  for (const { groups } of line.matchAll(TOKEN)) {
    const { sgr, control, text } = groups ?? {};
    if (sgr !== undefined) pen.style = applySgr(pen.style, sgr);
    else if (control === "\u000e" || control === "\u000f") pen.isGraphic = control === "\u000e";
    else if (text !== undefined) append(spans, { ...pen.style, text: pen.isGraphic ? graphic(text) : text });
  }
  return spans;
}

function append(spans: ScreenSpan[], span: ScreenSpan): void {
  const last = spans.at(-1);
  const isSame =
    last !== undefined &&
    last.fg === span.fg &&
    last.bg === span.bg &&
    (last.attributes ?? 0) === (span.attributes ?? 0);
  if (isSame) spans[spans.length - 1] = { ...last, text: last.text + span.text };
  else spans.push(span);
}

function graphic(text: string): string {
  return text.replaceAll(/[`-~]/g, (letter) => GRAPHICS[letter.charCodeAt(0) - 96] ?? letter);
}

/** Applies the parameters of an SGR sequence to a style; see console_codes(4). Unknown parameters are ignored. */
function applySgr(before: ScreenStyle, parameters: string): ScreenStyle {
  const codes = parameters.split(";").map((one) => one.split(":").map(Number));
  let style = before;
  for (let i = 0; i < codes.length; i++) {
    const [code = 0, ...parts] = codes[i] ?? [];
    if (code === 38 || code === 48) {
      const [kind, ...rest] = parts.length > 0 ? parts : codes.slice(i + 1).map(([one = 0]) => one);
      if (parts.length === 0) i += kind === 2 ? 4 : 2;
      const colour = colourOf(kind, parts.length > 4 ? rest.slice(-3) : rest);
      if (colour !== undefined) style = { ...style, [code === 38 ? "fg" : "bg"]: colour };
    } else style = applyCode(style, code);
  }
  return style;
}

function colourOf(kind: number | undefined, [first = 0, green = 0, blue = 0]: readonly number[]) {
  const isByte = (one: number) => Number.isInteger(one) && one >= 0 && one <= 255;
  if (kind === 5 && isByte(first)) return first;
  if (kind !== 2 || ![first, green, blue].every(isByte)) return undefined;
  return RGB + first * 0x10000 + green * 0x100 + blue;
}

function applyCode(style: ScreenStyle, code: number): ScreenStyle {
  const { attributes = 0 } = style;
  const bit = ATTRIBUTES[code];
  if (code === 0) return {};
  if (bit !== undefined) return { ...style, attributes: attributes | bit };
  if (code === 22) return { ...style, attributes: attributes & ~3 };
  const off = ATTRIBUTES[code - 20];
  if (off !== undefined) return { ...style, attributes: attributes & ~off };
  if (code === 39) return without(style, "fg");
  if (code === 49) return without(style, "bg");
  if (code >= 30 && code <= 37) return { ...style, fg: code - 30 };
  if (code >= 40 && code <= 47) return { ...style, bg: code - 40 };
  if (code >= 90 && code <= 97) return { ...style, fg: code - 82 };
  if (code >= 100 && code <= 107) return { ...style, bg: code - 92 };
  return style;
}

function without(style: ScreenStyle, key: "fg" | "bg"): ScreenStyle {
  const { [key]: _, ...rest } = style;
  return rest;
}
