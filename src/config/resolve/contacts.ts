import { contactFlaw } from "../contact-values.ts";
import type { ContactSpec } from "../fleet.ts";
import type { ProblemReport } from "../problem-report.ts";
import { insidePath } from "../safe-path.ts";
import { openSource } from "../yaml/open-yaml-source.ts";
import type { YamlSource } from "../yaml/source.ts";
import { asMap, namesIn } from "../yaml-values.ts";

/** The source in which the contacts are declared. */
export interface ContactsPlace {
  readonly source: YamlSource;
  /** Whether the contacts are in a separate file. If so, this file needs its own checks. */
  readonly isOwnFile: boolean;
}

/**
 * Finds the contacts in fleet.yaml or in the file that `contacts.from` names.
 *
 * @returns undefined if a problem was reported
 */
export function openContacts(
  source: YamlSource,
  dir: string,
  report: ProblemReport,
): ContactsPlace | undefined {
  const from = asMap(asMap(source.value)["contacts"])["from"];
  if (typeof from !== "string") return { source, isOwnFile: false };
  const found = insidePath(dir, from);
  if ("refused" in found) {
    report.error(source, ["contacts", "from"], `"${from}" ${found.refused}`);
    return undefined;
  }
  const own = openSource(found.path, ["contacts"], report);
  return own === undefined ? undefined : { source: own, isOwnFile: true };
}

/** Returns the valid contacts by name. */
export function resolveContacts(
  place: ContactsPlace | undefined,
  report: ProblemReport,
): Record<string, ContactSpec> {
  const map = place === undefined ? {} : asMap(contactsWritten(place));
  const names = namesIn(map);
  const sound = names.filter((name) => report.isSound("contacts", name));
  return Object.fromEntries(
    sound.map((name) => {
      if (place !== undefined) checkValues(place, name, asMap(map[name]), new Set(names), report);
      return [name, { name, columns: columnsOf(map[name]) }];
    }),
  );
}

/** Reports impossible values, and names of other contacts that do not exist, each with its line. */
function checkValues(
  { source, isOwnFile }: ContactsPlace,
  name: string,
  contact: Readonly<Record<string, unknown>>,
  names: ReadonlySet<string>,
  report: ProblemReport,
): void {
  const error = (keys: readonly string[], sentence: string) =>
    report.error(source, [...(isOwnFile ? [] : ["contacts"]), name, ...keys], sentence);
  for (const [column, value] of Object.entries(contact)) {
    const flaw = typeof value === "string" ? contactFlaw(column, value) : undefined;
    if (flaw !== undefined) error([column], `"${value}" ${flaw}`);
  }
  const { operator, links } = contact;
  if (typeof operator === "string" && !names.has(operator))
    error(["operator"], `there is no contact "${operator}"`);
  for (const other of namesIn(asMap(links)).filter((one) => !names.has(one)))
    error(["links", other], `there is no contact "${other}"`);
}

/** Returns the contacts as they are written. It is possible that they are not a valid map. */
export function contactsWritten({ source, isOwnFile }: ContactsPlace): unknown {
  return isOwnFile ? source.value : asMap(source.value)["contacts"];
}

function columnsOf(raw: unknown): Record<string, string> {
  const columns = asMap(raw);
  return Object.fromEntries(namesIn(columns).map((name) => [name, textOf(columns[name])]));
}

/** Returns the text in a column. A map is written as JSON with sorted keys, so that its order does not matter. */
function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${value ?? ""}`;
  const entries = Object.entries(value).filter(([key]) => !key.startsWith("x-"));
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}
