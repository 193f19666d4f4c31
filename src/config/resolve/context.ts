import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { DeclaredNames } from "../check-references.ts";
import type { Keys } from "../problem.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { YamlSource } from "../yaml/source.ts";
import { asMap, namesIn } from "../yaml-values.ts";

/** The data that every resolver needs: the file, its folder, the declared names and the report. */
export interface Context {
  readonly source: YamlSource;
  /** The absolute path of fleet.yaml. */
  readonly file: string;
  /** The absolute path of the folder that contains fleet.yaml. */
  readonly dir: string;
  /** The absolute path of the folder to which relative paths of keys and secrets refer. */
  readonly home: string;
  readonly declared: DeclaredNames;
  readonly report: ProblemReport;
}

/** Resolves an entry of fleet.yaml. @returns undefined if a problem was reported */
export type Resolver<Raw, Spec> = (name: string, raw: Raw, keys: Keys, context: Context) => Spec | undefined;

/** Resolves all valid entries of a section. The problems of all other entries have been reported already. */
export function resolveSection<Raw, Spec>(
  section: string,
  context: Context,
  resolver: Resolver<Raw, Spec>,
): Record<string, Spec> {
  const entries = asMap(asMap(context.source.value)[section]);
  const sound = namesIn(entries).filter((name) => context.report.isSound(section, name));
  const specs = sound.map((name) => [name, resolver(name, entries[name] as Raw, [section, name], context)]);
  return Object.fromEntries(specs.filter(([, spec]) => spec !== undefined));
}

/** Makes a path absolute. `~/` stands for the home folder; other relative paths are relative to `dir`. */
export function anywherePath(dir: string, path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(dir, path);
}
