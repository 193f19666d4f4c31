/** Renders and parses unit files; see systemd.syntax(7). */

/** One `Key=value` setting of a unit file. */
export type UnitLine = readonly [key: string, value: string];

/** Renders a unit file from its sections. */
export function renderUnit(sections: Readonly<Record<string, readonly UnitLine[]>>): string {
  return Object.entries(sections)
    .map(([name, lines]) => `[${name}]\n${lines.map(([key, value]) => `${key}=${value}\n`).join("")}`)
    .join("\n");
}

/** Returns a value for ExecStart= that runs a command with exactly these arguments. */
export function commandLine(words: readonly string[]): string {
  return words.map(quoteArgument).join(" ");
}

export function environmentLines(variables: Readonly<Record<string, string>>): UnitLine[] {
  return Object.entries(variables).map(([name, value]) => ["Environment", quote(`${name}=${value}`)]);
}

/** Escapes `%`, which starts a specifier in unit files; see systemd.unit(5). */
export function escapePercent(text: string): string {
  return text.replaceAll("%", "%%");
}

/** Returns a text in double quotes, with C-style escapes. */
export function quote(text: string): string {
  return `"${escapePercent(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/**
 * Quotes an argument of ExecStart=. Also escapes `$`, because systemd expands an unescaped `$`; see systemd.service(5).
 */
function quoteArgument(text: string): string {
  const doubled = text.replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(doubled) && !doubled.includes("%") ? doubled : quote(doubled);
}

export interface UnitSetting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** A parsed unit file, with its settings in the order of the file. The file does not have to exist on a host. */
export interface UnitFile {
  readonly settings: readonly UnitSetting[];
  /** The error in the file, as a sentence without its subject; absent if there is no error. */
  readonly flaw?: string;
}

/**
 * Parses the text of a service's unit. Finds only some errors. systemd finds the other errors when it starts the unit.
 */
export function parseUnitFile(text: string): UnitFile {
  const control = text.split("\n").findIndex(hasControlCharacter);
  if (control >= 0) return { settings: [], flaw: `contains a control character in line ${control + 1}` };
  const settings: UnitSetting[] = [];
  let section = "";
  for (const [number, line] of logicalLines(text)) {
    const parsed = parseUnitLine(line);
    if (parsed !== undefined && "header" in parsed) section = parsed.header;
    else if (parsed !== undefined && section !== "")
      settings.push({ section, key: parsed.key, value: parsed.value.trimStart() });
    else
      return {
        settings,
        flaw: `is not a unit file: line ${number} is neither a [Section] nor a Key=value in a section`,
      };
  }
  const starts = valuesOf({ settings }, "Service", "ExecStart").some((value) => value !== "");
  return starts
    ? { settings }
    : { settings, flaw: "has no ExecStart= in its [Service] section, so it would start nothing" };
}

/**
 * Parses a line as a section header or as a setting. Keeps the value as written. Returns undefined for any other line.
 */
export function parseUnitLine(
  line: string,
): { readonly header: string } | { readonly key: string; readonly value: string } | undefined {
  const header = /^\[([A-Za-z0-9-]+)\]$/.exec(line)?.[1];
  if (header !== undefined) return { header };
  const [, key, value = ""] = /^([A-Za-z0-9-]+)\s*=(.*)$/s.exec(line) ?? [];
  return key === undefined ? undefined : { key, value };
}

/** Whether a line has a control character other than a tab. No unit file needs such a character. */
export function hasControlCharacter(line: string): boolean {
  return /[^\P{Cc}\t]/u.test(line);
}

/** Returns all values of a setting, in the order of the file. */
export function valuesOf({ settings }: UnitFile, section: string, key: string): string[] {
  return settings.filter((one) => one.section === section && one.key === key).map(({ value }) => value);
}

/** Whether a unit has an [Install] section, without which `systemctl enable` does nothing. */
export function canBeEnabled({ settings }: UnitFile): boolean {
  return settings.some(({ section, value }) => section === "Install" && value !== "");
}

/**
 * Joins each line that ends in a backslash with the next line, and drops comments and empty lines.
 *
 * @returns each line with its number in the file
 */
function logicalLines(text: string): [number: number, line: string][] {
  const lines: [number, string][] = [];
  let open: [number, string] | undefined;
  for (const [i, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (/^[#;]/.test(line) || (line === "" && open === undefined)) continue;
    const [number, before] = open ?? [i + 1, ""];
    const isOpen = line.endsWith("\\");
    const whole = `${before}${isOpen ? `${line.slice(0, -1)} ` : line}`;
    open = isOpen ? [number, whole] : undefined;
    if (!isOpen) lines.push([number, whole.trim()]);
  }
  return open === undefined ? lines : [...lines, [open[0], open[1].trim()]];
}
