import stringWidth from "string-width";
import { visible } from "../../base/terminal-text.ts";

const GAP = "  ";

/**
 * Renders rows as aligned columns, and makes every cell safe for a terminal. Wide characters, such as Chinese
 * characters and emoji, take two columns of the terminal.
 */
export function table(rows: readonly (readonly string[])[], indent = ""): string {
  const safe = rows.map((row) => row.map(visible));
  const widths = columnWidths(safe);
  return safe.map((row) => `${indent}${aligned(row, widths)}\n`).join("");
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => stringWidth(row[column] ?? ""))),
  );
}

function aligned(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - stringWidth(cell)))
    .join(GAP)
    .trimEnd();
}
