/** A line of a unit: `Key=value`. */
export type UnitLine = readonly [key: string, value: string];

/** `%` starts a specifier in unit files; systemd.unit(5). */
export function escapePercent(text: string): string {
  return text.replaceAll("%", "%%");
}

/** A double-quoted word with C-style escapes; systemd.syntax(7). */
export function quote(text: string): string {
  return `"${escapePercent(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
