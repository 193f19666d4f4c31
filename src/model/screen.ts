/** The contents of a terminal: text, colours and positions, but no escape sequence. */
export interface Screen {
  /** In columns. */
  readonly width: number;
  /** In rows. */
  readonly height: number;
  /** From the top; rows without text at the bottom can be missing. */
  readonly rows: readonly ScreenRow[];
  /** Absent if the program has hidden the cursor. */
  readonly cursor?: { readonly x: number; readonly y: number };
}

export type ScreenRow = readonly ScreenSpan[];

/** Characters of a row with the same style. */
export interface ScreenSpan extends ScreenStyle {
  readonly text: string;
}

export interface ScreenStyle {
  /** The colour of the text: a number below 256 of the palette, or RGB plus the red, green and blue bytes. */
  readonly fg?: number;
  /** The colour of the background. */
  readonly bg?: number;
  /** The sum of values in ATTRIBUTES. */
  readonly attributes?: number;
}

/** Added to a colour that is not one of the palette. */
export const RGB = 0x1000000;

/** The attributes of text, each with a bit. The key is the parameter of the SGR sequence, as in console_codes(4). */
export const ATTRIBUTES: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 7: 32, 9: 64 };

/** The attribute of placeholders and hints. */
export const DIM = 2;

/** Returns the characters of a row without colours. */
export function textOf(row: ScreenRow = []): string {
  return row.map(({ text }) => text).join("");
}
