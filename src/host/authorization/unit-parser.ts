import { hasControlCharacter, parseUnitLine } from "../../model/unit-file.ts";
import { quoteValue } from "./shape.ts";

/** Whether a directive may have a value. */
export type Test = (value: string) => boolean;

export interface Directive {
  readonly test: Test;
  /** The only value that it may have. */
  readonly only?: string;
  /** Without it, the unit would run with other rights than the scope's. */
  readonly needed?: true;
  readonly many?: true;
  /** The values that it must have, each of them. */
  readonly each?: readonly string[];
}

export type Sections = Readonly<Record<string, Readonly<Record<string, Directive>>>>;

/**
 * Why systemd must not read a text as a part of an agent's unit; undefined where it may. Only a part of systemd's syntax
 * is allowed: sections, and one directive a line, without spaces around `=`, comments or continued lines.
 */
export function textRefusal(sections: Sections, text: string): string | undefined {
  const seen = new Set<string>();
  let section = "";
  if (!text.isWellFormed() || text.length > 256 * 1024) return "its unit is not a short text";
  for (const line of text.split("\n")) {
    const flaw = lineFlaw(line);
    if (flaw !== undefined) return flaw;
    const parsed = parseUnitLine(line);
    const isHeader = parsed !== undefined && "header" in parsed;
    if (isHeader) section = parsed.header;
    const directives = sections[section];
    if (directives === undefined || !Object.hasOwn(sections, section))
      return `its unit has ${quoteValue(line)}, which no agent's unit has`;
    if (line === "" || isHeader) continue;
    const refusal = directiveRefusal(directives, section, { line, key: "", value: "", ...parsed }, seen);
    if (refusal !== undefined) return refusal;
  }
  return missing(sections, seen);
}

function lineFlaw(line: string): string | undefined {
  if (hasControlCharacter(line)) return `its unit has the line ${quoteValue(line)}, with a control character`;
  return line.endsWith("\\")
    ? `its unit has the line ${quoteValue(line)}, which goes on in the next`
    : undefined;
}

function directiveRefusal(
  directives: Sections[string],
  section: string,
  { line, key, value }: { readonly line: string; readonly key: string; readonly value: string },
  seen: Set<string>,
): string | undefined {
  const isExact = line.startsWith(`${key}=`) && Object.hasOwn(directives, key);
  const directive = isExact ? directives[key] : undefined;
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
