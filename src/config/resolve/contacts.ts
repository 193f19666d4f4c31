import type { ContactSpec } from "../fleet.ts";
import type { ProblemReport } from "../problem-report.ts";
import { insidePath } from "../safe-path.ts";
import { openSource } from "../yaml/open-source.ts";
import type { YamlSource } from "../yaml/source.ts";
import { asMap, namesIn } from "../yaml-values.ts";

/** Where the contacts are declared. */
export interface ContactsPlace {
  readonly source: YamlSource;
  /** Whether the contacts are in a separate file, which needs its own checks. */
  readonly isOwnFile: boolean;
}

/**
 * Finds the contacts in fleet.yaml or in the file that `contacts.from` names.
 *
 * @returns undefined after a problem has been reported
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

/** Returns the valid contacts, by name. */
export function resolveContacts(
  place: ContactsPlace | undefined,
  report: ProblemReport,
): Record<string, ContactSpec> {
  const map = place === undefined ? {} : asMap(contactsWritten(place));
  const sound = namesIn(map).filter((name) => report.isSound("contacts", name));
  return Object.fromEntries(sound.map((name) => [name, { name, columns: columnsOf(map[name]) }]));
}

/** Returns the contacts as they are written, which may not be a valid map. */
export function contactsWritten({ source, isOwnFile }: ContactsPlace): unknown {
  return isOwnFile ? source.value : asMap(source.value)["contacts"];
}

function columnsOf(raw: unknown): Record<string, string> {
  const columns = asMap(raw) as Record<string, string>;
  return Object.fromEntries(namesIn(columns).map((name) => [name, columns[name] ?? ""]));
}
