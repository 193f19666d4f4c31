import { asMap, namesIn } from "./raw.ts";
import type { Report } from "./report.ts";
import { didYouMean } from "./suggest.ts";
import type { Source } from "./yaml/source.ts";

/** The names that each section declares, faulty entries too; undefined where they cannot be known. */
export type Declared = Readonly<Record<string, ReadonlySet<string> | undefined>>;

/** Every field that names an entry of another section, or a list of them. */
const REFERENCES = [
  { section: "agents", field: "host", to: "hosts", noun: "host" },
  { section: "agents", field: "tenant", to: "tenants", noun: "tenant" },
  { section: "agents", field: "identity", to: "identities", noun: "identity" },
  { section: "agents", field: "credentials", to: "credentials", noun: "credential" },
  { section: "agents", field: "contacts", to: "contacts", noun: "contact", everything: "all" },
  { section: "agents", field: "routesTo", to: "agents", noun: "agent" },
  { section: "credentials", field: "provider", to: "providers", noun: "provider" },
] as const;

/** Tells the report every name that leads nowhere, with the nearest that leads somewhere. */
export function checkReferences(source: Source, declared: Declared, report: Report): void {
  const root = asMap(source.value);
  for (const reference of REFERENCES) {
    const known = declared[reference.to];
    if (known === undefined) continue;
    const section = asMap(root[reference.section]);
    for (const name of namesIn(section)) {
      const value = asMap(section[name])[reference.field];
      if ("everything" in reference && value === reference.everything) continue;
      for (const { written, index } of namesOf(value)) {
        if (known.has(written)) continue;
        const sentence = `no ${reference.noun} is named "${written}"${didYouMean(written, known)}`;
        report.error(source, [reference.section, name, reference.field, ...index], sentence);
      }
    }
  }
}

function namesOf(value: unknown): { written: string; index: number[] }[] {
  if (typeof value === "string") return [{ written: value, index: [] }];
  if (!Array.isArray(value)) return [];
  return value.flatMap((item, index) =>
    typeof item === "string" ? [{ written: item, index: [index] }] : [],
  );
}
