import type { DeclaredNames } from "./check-references.ts";
import type { ProblemReport } from "./problem-report.ts";
import { didYouMean } from "./suggest.ts";
import type { YamlSource } from "./yaml/source.ts";
import { asMap, namesIn } from "./yaml-values.ts";

/** The sections with entries that can be renamed, and the noun for an entry of each section. */
const NOUNS = { hosts: "host", tenants: "tenant", agents: "agent" } as const;

export type Renamable = keyof typeof NOUNS;

/** Returns the former names of an entry, as declared in the `moved` section. */
export function formerNames(source: YamlSource, section: Renamable, name: string): string[] {
  const renamed = renamedIn(source, section);
  return namesIn(renamed).filter((former) => renamed[former] === name);
}

/** Reports every rename to a name that does not exist, or from a name that is in use. */
export function checkMoved(source: YamlSource, declared: DeclaredNames, report: ProblemReport): void {
  for (const section of Object.keys(NOUNS) as Renamable[]) {
    const renamed = renamedIn(source, section);
    for (const former of namesIn(renamed)) {
      const sentence = flawOf(former, renamed, section, declared[section]);
      if (sentence !== undefined) report.error(source, ["moved", section, former], sentence);
    }
  }
}

function flawOf(
  former: string,
  renamed: Readonly<Record<string, unknown>>,
  section: Renamable,
  known: ReadonlySet<string> | undefined,
): string | undefined {
  const now = renamed[former];
  if (known === undefined || typeof now !== "string") return undefined;
  if (known.has(former)) return `"${former}" is still in \`${section}\`: an entry cannot have two names`;
  if (known.has(now)) return undefined;
  const next = renamed[now];
  if (typeof next === "string") return `"${now}" has been renamed too: write its current name "${next}"`;
  return `no ${NOUNS[section]} is named "${now}"${didYouMean(now, known)}`;
}

function renamedIn(source: YamlSource, section: Renamable): Readonly<Record<string, unknown>> {
  return asMap(asMap(asMap(source.value)["moved"])[section]);
}
