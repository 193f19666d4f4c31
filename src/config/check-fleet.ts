import { dirname, resolve } from "node:path";
import { checkPrintable } from "./check-printable.ts";
import { checkReferences, type DeclaredNames } from "./check-references.ts";
import type { Fleet } from "./fleet.ts";
import { declaredLogin, loginRemarks } from "./host-logins.ts";
import { LINTS } from "./lints/registry.ts";
import type { Problem } from "./problem.ts";
import { createProblemReport, type ProblemReport } from "./problem-report.ts";
import { checkMoved } from "./renames.ts";
import type { Context } from "./resolve/context.ts";
import { resolveFleet } from "./resolve/fleet.ts";
import { checkSchema } from "./schema/check-schema.ts";
import { foreignFile } from "./schema/foreign-file.ts";
import { validateFleet } from "./schema/validator.ts";
import { type OpenedSections, openSections } from "./yaml/open-sections.ts";
import { openSource } from "./yaml/open-yaml-source.ts";
import type { YamlSource } from "./yaml/source.ts";
import { asMap, namesIn } from "./yaml-values.ts";

/** The result of a check: all problems, all warnings, and the fleet if there are no problems. */
export interface CheckedFleet {
  readonly fleet?: Fleet;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Reads and checks fleet.yaml and the files that it names. Reports all problems together, and contacts no
 * host.
 *
 * @param file path of fleet.yaml
 * @param home the folder to which the relative paths of keys and secrets refer. This folder can be outside the folder
 *   of fleet.yaml. Files with keys and secrets are not read.
 * @param logins the recorded login of each host that Muster has reached, by the name of the host
 */
export function checkFleet(
  file: string,
  home: string = dirname(file),
  logins: ReadonlyMap<string, string> = new Map(),
): CheckedFleet {
  const report = createProblemReport();
  const source = openSource(file, [], report);
  const fleet = source && checkSource(source, { file: resolve(file), home: resolve(home), logins }, report);
  const { problems, warnings } = report;
  return { ...(fleet && problems.length === 0 && { fleet: deepFreeze(fleet) }), problems, warnings };
}

interface CheckedPlace {
  readonly file: string;
  readonly home: string;
  readonly logins: ReadonlyMap<string, string>;
}

function checkSource(
  written: YamlSource,
  { file, home, logins }: CheckedPlace,
  report: ProblemReport,
): Fleet | undefined {
  const flaw = emptyFile(written.value) ?? foreignFile(written.value);
  if (flaw !== undefined) {
    report.error(written, [], flaw);
    return undefined;
  }
  const dir = dirname(file);
  const opened = openSections(written, dir, report);
  const { source } = opened;
  checkSchema(source, validateFleet, report);
  checkPrintable(source, report);
  const declared = declaredIn(opened);
  checkReferences(source, declared, report);
  checkMoved(source, declared, report);
  if (report.isFull) return undefined;
  const fleet = resolvedAndLinted({ source, file, dir, home, declared, report }, logins);
  if (report.problems.length === 0) source.remember();
  return fleet;
}

function emptyFile(value: unknown): string | undefined {
  if (value !== null) return undefined;
  return "is empty: a fleet starts with `apiVersion: muster/v1` and `kind: Fleet`";
}

function declaredIn({ source, unread }: OpenedSections): DeclaredNames {
  const sections = [
    "hosts",
    "tenants",
    "runtimes",
    "providers",
    "credentials",
    "identities",
    "contacts",
    "agents",
    "services",
    "readers",
    "jobs",
  ];
  const root = asMap(source.value);
  return Object.fromEntries(
    sections.map((section) => [section, unread.has(section) ? undefined : declaredNames(root[section])]),
  );
}

/**
 * Returns the names in a section; undefined if the section is not a map. In this case, the schema check reports the
 * problem.
 */
function declaredNames(section: unknown): Set<string> | undefined {
  const isMap = section === undefined || section === null || asMap(section) === section;
  return isMap ? new Set(namesIn(section)) : undefined;
}

function resolvedAndLinted(context: Context, logins: ReadonlyMap<string, string>): Fleet {
  const fleet = resolveFleet(context);
  const remarks = [
    ...LINTS.flatMap((lint) => lint(fleet, context.declared)),
    ...loginRemarks(fleet, (host) => declaredLogin(fleet.hosts[host]) ?? logins.get(host)),
  ];
  for (const { keys, sentence, level } of remarks) {
    if (level === "warning") context.report.warn(context.source, keys, sentence);
    else context.report.error(context.source, keys, sentence, "key");
  }
  return fleet;
}

/** Freezes a value and all values inside it. */
function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
