import { dirname, resolve } from "node:path";
import { checkPrintable } from "./check-printable.ts";
import { checkReferences, type DeclaredNames } from "./check-references.ts";
import type { Fleet } from "./fleet.ts";
import { LINTS } from "./lints/registry.ts";
import type { Problem } from "./problem.ts";
import { createProblemReport, type ProblemReport } from "./problem-report.ts";
import { checkMoved } from "./renames.ts";
import { type ContactsPlace, contactsWritten, openContacts } from "./resolve/contacts.ts";
import type { Context } from "./resolve/context.ts";
import { resolveFleet } from "./resolve/fleet.ts";
import { checkSchema } from "./schema/check-schema.ts";
import { foreignFile } from "./schema/foreign-file.ts";
import { validateContacts, validateFleet } from "./schema/validator.ts";
import { openSource } from "./yaml/open-source.ts";
import type { YamlSource } from "./yaml/source.ts";
import { asMap, namesIn } from "./yaml-values.ts";

/** The result of a check: all problems and warnings, and the fleet if there are no problems. */
export interface CheckedFleet {
  readonly fleet?: Fleet;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Reads fleet.yaml and the files that it names, and finds all problems at once. Contacts no host.
 *
 * @param file path of fleet.yaml
 * @param home the folder to which the paths of keys and secrets are relative; it may be outside the folder
 *   of fleet.yaml, and no file in it is read
 */
export function checkFleet(file: string, home: string = dirname(file)): CheckedFleet {
  const report = createProblemReport();
  const source = openSource(file, [], report);
  const fleet = source && checkSource(source, resolve(file), resolve(home), report);
  const { problems, warnings } = report;
  return { ...(fleet && problems.length === 0 && { fleet: deepFreeze(fleet) }), problems, warnings };
}

function checkSource(
  source: YamlSource,
  file: string,
  home: string,
  report: ProblemReport,
): Fleet | undefined {
  const flaw = emptyFile(source.value) ?? foreignFile(source.value);
  if (flaw !== undefined) {
    report.error(source, [], flaw);
    return undefined;
  }
  checkSchema(source, validateFleet, report);
  checkPrintable(source, report);
  const dir = dirname(file);
  const contacts = openContacts(source, dir, report);
  if (contacts?.isOwnFile) {
    checkSchema(contacts.source, validateContacts, report);
    checkPrintable(contacts.source, report);
  }
  const declared = declaredIn(source, contacts);
  checkReferences(source, declared, report);
  checkMoved(source, declared, report);
  if (report.isFull) return undefined;
  const fleet = resolvedAndLinted({ source, file, dir, home, declared, report }, contacts);
  if (report.problems.length === 0) {
    source.remember();
    contacts?.source.remember();
  }
  return fleet;
}

function emptyFile(value: unknown): string | undefined {
  if (value !== null) return undefined;
  return "is empty: a fleet starts with `apiVersion: muster/v1` and `kind: Fleet`";
}

function declaredIn(source: YamlSource, contacts: ContactsPlace | undefined): DeclaredNames {
  const sections = [
    "hosts",
    "tenants",
    "providers",
    "credentials",
    "identities",
    "agents",
    "services",
    "readers",
    "jobs",
  ];
  const root = asMap(source.value);
  return {
    ...Object.fromEntries(sections.map((section) => [section, declaredNames(root[section])])),
    contacts: contacts && declaredNames(contactsWritten(contacts)),
  };
}

/** Returns the names in a section; undefined if the section is not a map, which the schema check reports. */
function declaredNames(section: unknown): Set<string> | undefined {
  const isMap = section === undefined || section === null || asMap(section) === section;
  return isMap ? new Set(namesIn(section)) : undefined;
}

function resolvedAndLinted(context: Context, contacts: ContactsPlace | undefined): Fleet {
  const fleet = resolveFleet(context, contacts);
  for (const { keys, sentence, level } of LINTS.flatMap((lint) => lint(fleet, context.declared))) {
    if (level === "warning") context.report.warn(context.source, keys, sentence);
    else context.report.error(context.source, keys, sentence, "key");
  }
  return fleet;
}

/** Freezes a value and everything in it. */
function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
