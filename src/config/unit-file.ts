/** A unit file as far as it must be understood before it is on a host: its settings, by section and in their order. */
export interface UnitFile {
  readonly settings: readonly Setting[];
  /** What is wrong with it, as a sentence without its subject. */
  readonly flaw?: string;
}

export interface Setting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

// A tab and a line feed are the only control characters that a unit file needs.
const CONTROL = /[^\P{Cc}\t\n]/u;

/** Reads the text of a service's unit; systemd.syntax(7). What systemd alone can judge, it says when it is started. */
export function readUnitFile(text: string): UnitFile {
  const control = text.split("\n").findIndex((line) => CONTROL.test(line));
  if (control >= 0) return { settings: [], flaw: `has a control character in line ${control + 1}` };
  const settings: Setting[] = [];
  let section = "";
  for (const [number, line] of logicalLines(text)) {
    const [, named] = /^\[([A-Za-z0-9-]+)\]$/.exec(line) ?? [];
    const [, key, value = ""] = /^([A-Za-z0-9-]+)\s*=\s*(.*)$/s.exec(line) ?? [];
    if (named !== undefined) section = named;
    else if (key !== undefined && section !== "") settings.push({ section, key, value });
    else return { settings, flaw: `has in line ${number} neither a [Section] nor a Key=value of one` };
  }
  const starts = valuesOf({ settings }, "Service", "ExecStart").some((value) => value !== "");
  return starts
    ? { settings }
    : { settings, flaw: "has no ExecStart= in a [Service]: it would start nothing" };
}

/** Every value of a setting, in their order. */
export function valuesOf({ settings }: UnitFile, section: string, key: string): string[] {
  return settings.filter((one) => one.section === section && one.key === key).map(({ value }) => value);
}

/** Whether `systemctl enable` has anything to do for it. */
export function canBeEnabled({ settings }: UnitFile): boolean {
  return settings.some(({ section, value }) => section === "Install" && value !== "");
}

/** Lines without comments, those that end in a backslash joined with the next. @returns with the numbers of their first */
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
