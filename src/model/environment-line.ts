/**
 * Returns a line for systemd's EnvironmentFile=. In double quotes, a backslash escapes `"`, `\`, `` ` `` and `$`
 * (systemd.exec(5)).
 *
 * @param value a text without line breaks
 */
export function environmentLine(name: string, value: string): string {
  return `${name}="${value.replace(/["\\`$]/g, "\\$&")}"\n`;
}

/** Returns the value in a line that `environmentLine` has returned; an empty text for any other text. */
export function parseEnvironmentLine(line: string): string {
  const [, quoted = ""] = /^\w+="(.*)"\n?$/s.exec(line) ?? [];
  return quoted.replace(/\\(["\\`$])/g, "$1");
}
