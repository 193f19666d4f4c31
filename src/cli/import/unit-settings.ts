/** The settings of a unit: all values that apply, by `Section.Key`. */
export type UnitSettings = ReadonlyMap<string, readonly string[]>;

/**
 * Reads the settings of a unit by the rules of systemd.syntax(7). A backslash at the end of a line continues the line.
 * Comments between continued lines are skipped. An empty value resets a key.
 *
 * @param texts the unit's file and then its drop-ins, in the order in which systemd reads them
 */
export function settingsOf(texts: readonly string[]): UnitSettings {
  const settings = new Map<string, string[]>();
  for (const [key, value] of texts.flatMap(assignmentsIn)) {
    if (value === "") settings.delete(key);
    else settings.set(key, [...(settings.get(key) ?? []), value]);
  }
  return settings;
}

function assignmentsIn(text: string): [string, string][] {
  let section = "";
  return logicalLines(text).flatMap((line): [string, string][] => {
    const header = /^\[(.*)\]$/.exec(line);
    if (header) section = header[1] ?? "";
    const at = header ? -1 : line.indexOf("=");
    return at < 1 ? [] : [[`${section}.${line.slice(0, at).trim()}`, line.slice(at + 1).trim()]];
  });
}

function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open = "";
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*[#;]/.test(line)) continue;
    if (line.endsWith("\\")) {
      open += `${line.slice(0, -1)} `;
    } else {
      lines.push(`${open}${line}`.trim());
      open = "";
    }
  }
  return [...lines, open.trim()].filter((line) => line !== "");
}
