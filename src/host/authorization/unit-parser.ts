import { quoteValue } from "./shape.ts";

/** Whether a value is one that a directive may have. */
export type Test = (value: string) => boolean;

export interface Directive {
  readonly test: Test;
  /** What it must be, where there is but one such value. */
  readonly only?: string;
  /** A unit without it would run with other rights than the scope's. */
  readonly needed?: true;
  readonly many?: true;
  /** The values that it must have, each of them. */
  readonly each?: readonly string[];
}

export type Sections = Readonly<Record<string, Readonly<Record<string, Directive>>>>;

/**
 * Why a text is none that systemd may read as a part of an agent's unit. A parser of our own that knows a part of systemd's
 * syntax and refuses the rest: sections, one directive a line, and no line that goes on in the next.
 */
export function textRefusal(sections: Sections, text: string): string | undefined {
  const seen = new Set<string>();
  let section = "";
  if (!text.isWellFormed() || text.length > 256 * 1024) return "its unit is not a short text";
  for (const line of text.split("\n")) {
    const flaw = lineFlaw(line);
    if (flaw !== undefined) return flaw;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    if (header !== undefined) section = header;
    const directives = sections[section];
    if (directives === undefined || !Object.hasOwn(sections, section))
      return `its unit has ${quoteValue(line)}, which no agent's unit has`;
    if (line === "" || header !== undefined) continue;
    const refusal = directiveRefusal(directives, section, line, seen);
    if (refusal !== undefined) return refusal;
  }
  return missing(sections, seen);
}

function lineFlaw(line: string): string | undefined {
  if (/[^\P{Cc}\t]/u.test(line)) return `its unit has the line ${quoteValue(line)}, with a control character`;
  return line.endsWith("\\")
    ? `its unit has the line ${quoteValue(line)}, which goes on in the next`
    : undefined;
}

function directiveRefusal(
  directives: Sections[string],
  section: string,
  line: string,
  seen: Set<string>,
): string | undefined {
  const [, key = "", value = ""] = /^([A-Za-z-]+)=(.*)$/s.exec(line) ?? [];
  const directive = Object.hasOwn(directives, key) ? directives[key] : undefined;
  const place = `${section}.${key}`;
  if (directive === undefined) return `its unit has ${quoteValue(line)}, which no agent's unit has`;
  if (seen.has(place) && !directive.many) return `its unit says ${key}= twice`;
  seen.add(place).add(`${place}=${value}`);
  if (directive.test(value)) return undefined;
  const must = directive.only === undefined ? "" : `, which must be ${directive.only}`;
  return `its unit has ${quoteValue(line)}${must}`;
}

function missing(sections: Sections, seen: ReadonlySet<string>): string | undefined {
  for (const [section, directives] of Object.entries(sections)) {
    const lacks = Object.keys(directives).find(
      (key) => directives[key]?.needed && !seen.has(`${section}.${key}`),
    );
    if (lacks !== undefined) return `its unit does not say ${lacks}=`;
    for (const [key, { each = [] }] of Object.entries(directives)) {
      const value = each.find((one) => !seen.has(`${section}.${key}=${one}`));
      if (value !== undefined) return `its unit does not say ${key}=${value}`;
    }
  }
  return undefined;
}
