import stringWidth from "string-width";
import { visible } from "../../base/terminal-text.ts";

const GAP = 2;

/** A column of a table that is fitted to the terminal's width. */
export interface FitColumn<Row> {
  readonly title: string;
  cell(row: Row): string;
  /** The width to which the column can be shortened; absent if its texts are always shown completely. */
  readonly atLeast?: number;
  /**
   * The order in which columns are hidden if the table is still too wide, lowest first; absent if the column is never
   * hidden.
   */
  readonly leaveOut?: number;
  /** Colours the text of a cell. */
  colour?(row: Row, text: string): string;
}

/** A column and its width in the table. */
interface Placed<Row> {
  readonly column: FitColumn<Row>;
  readonly width: number;
}

/** The columns and widths of a table. Lines that are printed later have the same widths. */
export interface TableLayout<Row> {
  readonly header: string;
  line(row: Row, isColoured: boolean): string;
}

/**
 * Chooses the columns and their widths. First shortens the columns that can be shortened, the widest first. Then hides
 * columns.
 *
 * @param width the number of columns of the terminal
 */
export function fitTable<Row>(
  columns: readonly FitColumn<Row>[],
  rows: readonly Row[],
  width: number,
): TableLayout<Row> {
  const placed = columns.map((column): Placed<Row> => {
    const texts = [column.title, ...rows.map((row) => visible(column.cell(row)))];
    return { column, width: Math.max(...texts.map((text) => stringWidth(text))) };
  });
  const fitting = shrink(placed, width);
  const join = (cells: readonly string[]) => cells.join(" ".repeat(GAP)).trimEnd();
  return {
    header: `${join(fitting.map(({ column, width }) => padded(column.title, width)))}\n`,
    line: (row, isColoured) => {
      const cells = fitting.map(({ column, width }) => {
        const complete = visible(column.cell(row));
        const text = column.atLeast === undefined ? complete : cut(complete, width);
        const shown = isColoured && text !== "" && column.colour ? column.colour(row, text) : text;
        return shown + " ".repeat(Math.max(0, width - stringWidth(text)));
      });
      return `${join(cells)}\n`;
    },
  };
}

function shrink<Row>(placed: readonly Placed<Row>[], width: number): readonly Placed<Row>[] {
  const over = placed.reduce((sum, one) => sum + one.width + GAP, -GAP) - width;
  if (over <= 0) return placed;
  const room = placed.map((one) => Math.max(0, one.width - (one.column.atLeast ?? one.width)));
  if (room.reduce((sum, one) => sum + one, 0) < over) {
    const least = Math.min(...placed.map(({ column }) => column.leaveOut ?? Number.POSITIVE_INFINITY));
    const rest = placed.filter(({ column }) => column.leaveOut === undefined || column.leaveOut > least);
    return rest.length === placed.length
      ? placed.map((one, i) => narrowed(one, room[i]))
      : shrink(rest, width);
  }
  const widest = Math.max(...placed.filter((_, i) => (room[i] ?? 0) > 0).map((one) => one.width));
  const at = placed.findIndex((one, i) => (room[i] ?? 0) > 0 && one.width === widest);
  return shrink(
    placed.map((one, i) => (i === at ? narrowed(one, 1) : one)),
    width,
  );
}

function narrowed<Row>({ column, width }: Placed<Row>, by = 0): Placed<Row> {
  return { column, width: width - by };
}

/** Shortens a text to a width, and marks the cut. */
function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let start = "";
  for (const char of text) {
    if (stringWidth(start + char) > width - 1) break;
    start += char;
  }
  return `${start}…`;
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}
