import { hasControlCharacter, parseUnitLine } from "../../model/unit-file.ts";
import { quoteValue } from "./check-shape.ts";

/** Returns whether a value is allowed for a directive. */
export type Test = (value: string) => boolean;

export interface Directive {
  readonly test: Test;
  /** The only allowed value; absent if several values are allowed. */
  readonly only?: string;
  /**
   * Whether the unit must have the directive, because the unit would otherwise have rights that the scope
   * does not allow.
   */
  readonly needed?: true;
  /** Whether the directive can occur more than once. */
  readonly many?: true;
  /** Values that must all occur, each in a separate line. */
  readonly each?: readonly string[];
}

export type Sections = Readonly<Record<string, Readonly<Record<string, Directive>>>>;

/**
 * Returns why a text is not allowed as a unit file or drop-in of an agent; undefined if it is allowed. Only a
 * subset of systemd's syntax is allowed: sections, and one directive per line. Spaces around `=`, comments
 * and continuation lines are refused.
 */
export function textRefusal(sections: Sections, text: string): string | undefined {
  const seen = new Set<string>();
  let section = "";
  if (!text.isWellFormed() || text.length > 256 * 1024) return "its unit is not valid text, or is too long";
  for (const line of text.split("\n")) {
    const flaw = lineFlaw(line);
    if (flaw !== undefined) return flaw;
    const parsed = parseUnitLine(line);
    const isHeader = parsed !== undefined && "header" in parsed;
    if (isHeader) section = parsed.header;
    const directives = sections[section];
    if (directives === undefined || !Object.hasOwn(sections, section))
      return `its unit has ${quoteValue(line)}, which is not allowed`;
    if (line === "" || isHeader) continue;
    const refusal = directiveRefusal(directives, section, { line, key: "", value: "", ...parsed }, seen);
    if (refusal !== undefined) return refusal;
  }
  return missing(sections, seen);
}

function lineFlaw(line: string): string | undefined {
  if (hasControlCharacter(line)) return `its unit has the line ${quoteValue(line)}, with a control character`;
  return line.endsWith("\\")
    ? `its unit has the line ${quoteValue(line)}, which continues on the next line`
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
  if (directive === undefined) return `its unit has ${quoteValue(line)}, which is not allowed`;
  if (seen.has(place) && !directive.many) return `its unit has ${key}= twice`;
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
    if (lacks !== undefined) return `its unit lacks ${lacks}=`;
    for (const [key, { each = [] }] of Object.entries(directives)) {
      const value = each.find((one) => !seen.has(`${section}.${key}=${one}`));
      if (value !== undefined) return `its unit lacks ${key}=${value}`;
    }
  }
  return undefined;
}
