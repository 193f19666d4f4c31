import type { ProblemReport } from "../problem-report.ts";
import { insidePath } from "../safe-path.ts";
import { asMap, namesIn } from "../yaml-values.ts";
import { openSource } from "./open-yaml-source.ts";
import type { YamlSource } from "./source.ts";

/** The sections of fleet.yaml that can be in separate files. */
const SECTIONS = ["credentials", "identities", "contacts", "agents"] as const;

/** fleet.yaml together with the sections in separate files. */
export interface OpenedSections {
  /** The values of all files. This source locates each value in the file that contains the value. */
  readonly source: YamlSource;
  /** The sections that could not be read. The problems have been reported. The names in these sections are unknown. */
  readonly unread: ReadonlySet<string>;
}

interface Opened {
  readonly entries: Readonly<Record<string, unknown>>;
  /** The file that contains each entry. */
  readonly origins: ReadonlyMap<string, YamlSource>;
}

/**
 * Replaces each section of the form `{from: FILES}` with the entries in these files. All further checks are therefore
 * the same for sections in fleet.yaml and in separate files.
 *
 * @param dir the absolute path of the folder of fleet.yaml
 */
export function openSections(source: YamlSource, dir: string, report: ProblemReport): OpenedSections {
  const root = asMap(source.value);
  const opened = new Map<string, Opened>();
  const unread = new Set<string>();
  for (const section of SECTIONS) {
    const paths = pathsOf(root[section]);
    if (paths === undefined) continue;
    const found = openSection(source, section, paths, dir, report);
    if (found === undefined) unread.add(section);
    opened.set(section, found ?? { entries: {}, origins: new Map() });
  }
  return opened.size === 0 ? { source, unread } : { source: joined(source, opened), unread };
}

/**
 * Returns the paths in `from`, or undefined if the entries are in fleet.yaml itself or the form of the section is
 * wrong.
 */
function pathsOf(section: unknown): string[] | undefined {
  const { from } = asMap(section);
  const paths = Array.isArray(from) ? from : [from];
  return paths.length > 0 && paths.every((path) => typeof path === "string") ? paths : undefined;
}

function openSection(
  source: YamlSource,
  section: string,
  paths: readonly string[],
  dir: string,
  report: ProblemReport,
): Opened | undefined {
  const mixed = namesIn(asMap(source.value)[section]).filter((name) => name !== "from");
  for (const name of mixed) report.error(source, [section, name], MIXED, "key");
  const files = paths.map((path, i) => {
    const keys = [section, "from", ...(paths.length === 1 ? [] : [i])];
    return openFile(source, section, path, keys, dir, report);
  });
  const all = files.filter((file) => file !== undefined);
  return mixed.length > 0 || all.length < files.length ? undefined : entriesOf(all, report);
}

const MIXED = "cannot be combined with `from`: declare all entries either in files or here";

function openFile(
  source: YamlSource,
  section: string,
  path: string,
  keys: readonly (string | number)[],
  dir: string,
  report: ProblemReport,
): YamlSource | undefined {
  const found = insidePath(dir, path);
  if ("refused" in found) {
    report.error(source, keys, `"${path}" ${found.refused}`);
    return undefined;
  }
  const file = openSource(found.path, [section], report);
  if (file === undefined || file.value === null || asMap(file.value) === file.value) return file;
  report.error(file, [], "must be a map (name: value)");
  return undefined;
}

/** Joins the entries of files. Reports each name that occurs in two files. */
function entriesOf(files: readonly YamlSource[], report: ProblemReport): Opened {
  const entries: Record<string, unknown> = Object.create(null);
  const origins = new Map<string, YamlSource>();
  for (const file of files) {
    for (const name of namesIn(file.value)) {
      const other = origins.get(name);
      if (other !== undefined)
        report.error(file, [name], `is in ${other.file} too: a name can occur only once`, "key");
      if (other !== undefined) continue;
      entries[name] = asMap(file.value)[name];
      origins.set(name, file);
    }
  }
  return { entries, origins };
}

function joined(source: YamlSource, opened: ReadonlyMap<string, Opened>): YamlSource {
  const sections = [...opened].map(([section, { entries }]) => [section, entries]);
  const files = [...opened.values()].flatMap(({ origins }) => [...new Set(origins.values())]);
  return {
    ...source,
    value: { ...asMap(source.value), ...Object.fromEntries(sections) },
    locate: (keys, part) => {
      const [section, name, ...rest] = keys;
      const file = opened.get(`${section}`)?.origins.get(`${name}`);
      if (file === undefined) return source.locate(keys, part);
      return { file: file.file, ...file.locate([`${name}`, ...rest], part) };
    },
    remember: () => {
      for (const one of [source, ...files]) one.remember();
    },
  };
}
