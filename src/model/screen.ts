/** The content of a terminal: text, colours and positions, but no escape sequences. */
export interface Screen {
  /** The width in columns. */
  readonly width: number;
  /** The height in rows. */
  readonly height: number;
  /** The rows from the top. Rows without text at the bottom can be missing. */
  readonly rows: readonly ScreenRow[];
  /** The position of the cursor; absent if the program has hidden the cursor. */
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

/** The number that is added to a colour that is not in the palette. */
export const RGB = 0x1000000;

/** The attributes of text: the bit of each attribute, by the parameter of its SGR sequence (see console_codes(4)). */
export const ATTRIBUTES: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 7: 32, 9: 64 };

/** The attribute of placeholders and hints. */
export const DIM = 2;

/** Returns the characters of a row without colours. */
export function textOf(row: ScreenRow = []): string {
  return row.map(({ text }) => text).join("");
}
