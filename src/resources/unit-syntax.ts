/** One `Key=value` of a unit file. */
export type Line = readonly [key: string, value: string];

/** The text of a unit file, by sections; systemd.syntax(7). */
export function renderUnit(sections: Readonly<Record<string, readonly Line[]>>): string {
  return Object.entries(sections)
    .map(([name, lines]) => `[${name}]\n${lines.map(([key, value]) => `${key}=${value}\n`).join("")}`)
    .join("\n");
}

/** The value of ExecStart= that starts a program with exactly these words. */
export function commandLine(words: readonly string[]): string {
  return words.map(quoteArgument).join(" ");
}

export function environmentLines(variables: Readonly<Record<string, string>>): Line[] {
  return Object.entries(variables).map(([name, value]) => ["Environment", quote(`${name}=${value}`)]);
}

/** `%` starts a specifier in unit files; systemd.unit(5). */
export function escapePercent(text: string): string {
  return text.replaceAll("%", "%%");
}

/** A double-quoted word with C-style escapes; systemd.syntax(7). */
export function quote(text: string): string {
  return `"${escapePercent(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** ExecStart= would also expand `$`; systemd.service(5). */
function quoteArgument(text: string): string {
  const doubled = text.replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(doubled) && !doubled.includes("%") ? doubled : quote(doubled);
}
