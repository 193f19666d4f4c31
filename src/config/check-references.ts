import type { ProblemReport } from "./problem-report.ts";
import { didYouMean } from "./suggest.ts";
import type { YamlSource } from "./yaml/source.ts";
import { asMap, namesIn } from "./yaml-values.ts";

/**
 * The declared names by section, including the names of invalid entries; undefined if the names of a section
 * cannot be read.
 */
export type DeclaredNames = Readonly<Record<string, ReadonlySet<string> | undefined>>;

interface Reference {
  readonly section: string;
  readonly field: string;
  readonly to: string;
  readonly noun: string;
  /**
   * Present if the field is a list of names. If this field contains a single word instead of a list, as in `contacts:
   * all`, the word is not a name.
   */
  readonly isList?: true;
  /** Present only if the field is a list of maps: the key in each map whose value is the name. */
  readonly key?: string;
}

/** All fields that refer to entries of a section. */
const REFERENCES: readonly Reference[] = [
  { section: "agents", field: "host", to: "hosts", noun: "host" },
  { section: "agents", field: "tenant", to: "tenants", noun: "tenant" },
  { section: "agents", field: "identity", to: "identities", noun: "identity" },
  { section: "agents", field: "credentials", isList: true, to: "credentials", noun: "credential" },
  { section: "agents", field: "contacts", isList: true, to: "contacts", noun: "contact" },
  { section: "agents", field: "routesTo", isList: true, to: "agents", noun: "agent" },
  { section: "routes", field: "agents", isList: true, to: "agents", noun: "agent" },
  { section: "routes", field: "to", to: "agents", noun: "agent" },
  { section: "jobs", field: "agent", to: "agents", noun: "agent" },
  { section: "jobs", field: "host", to: "hosts", noun: "host" },
  { section: "agents", field: "providers", isList: true, key: "provider", to: "providers", noun: "provider" },
  {
    section: "agents",
    field: "providers",
    isList: true,
    key: "credential",
    to: "credentials",
    noun: "credential",
  },
  { section: "services", field: "host", to: "hosts", noun: "host" },
  { section: "services", field: "credentials", isList: true, to: "credentials", noun: "credential" },
  { section: "readers", field: "tenant", to: "tenants", noun: "tenant" },
  { section: "budgets", field: "agent", to: "agents", noun: "agent" },
  { section: "budgets", field: "tenant", to: "tenants", noun: "tenant" },
  { section: "credentials", field: "provider", to: "providers", noun: "provider" },
];

/** Reports every reference to a name that is not declared, and suggests the most similar declared name. */
export function checkReferences(source: YamlSource, declared: DeclaredNames, report: ProblemReport): void {
  for (const reference of REFERENCES) {
    const known = declared[reference.to];
    if (known === undefined) continue;
    for (const { written, keys } of namesWritten(source.value, reference)) {
      if (known.has(written) || report.hasErrorAt(source, keys)) continue;
      const sentence = `no ${reference.noun} is named "${written}"${didYouMean(written, known)}`;
      report.error(source, keys, sentence);
    }
  }
}

interface Written {
  readonly written: string;
  readonly keys: (string | number)[];
}

function namesWritten(root: unknown, { section, field, isList, key }: Reference): Written[] {
  const entries = asMap(asMap(root)[section]);
  return namesIn(entries).flatMap((name) => {
    const keys = [section, name, field];
    const value = asMap(entries[name])[field];
    if (!isList) return typeof value === "string" ? [{ written: value, keys }] : [];
    return (Array.isArray(value) ? value : []).flatMap((item, index) => {
      const [written, place] = key === undefined ? [item, []] : [asMap(item)[key], [key]];
      return typeof written === "string" ? [{ written, keys: [...keys, index, ...place] }] : [];
    });
  });
}
