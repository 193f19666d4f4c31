import { relative, resolve } from "node:path";
import type { Keys, Position } from "../problem.ts";
import { createProblemReport, type ProblemReport } from "../problem-report.ts";
import { readTextFile } from "../text-file.ts";
import { offsetOf } from "./find-position.ts";
import { recall, remember } from "./parse-cache.ts";
import { parseYaml } from "./parse-yaml.ts";
import { plainOf } from "./plain-values.ts";
import type { YamlSource } from "./source.ts";

/**
 * The maximum size of fleet.yaml in bytes. A fleet.yaml with 2,000 agents has half this size. Files above the maximum
 * take seconds to parse.
 */
const MOST_BYTES = 1024 * 1024;

/** The maximum size in bytes of a file with one section. This is enough for 20,000 contacts. */
const MOST_SECTION_BYTES = 8 * 1024 * 1024;

/**
 * Reads a YAML file and reports all errors in its YAML syntax.
 *
 * @param within the keys of the section that the file contains; empty for fleet.yaml
 * @returns undefined if the file has no usable values
 */
export function openSource(path: string, within: Keys, report: ProblemReport): YamlSource | undefined {
  const file = { file: shownAs(path), within };
  const { text: marked, flaw } =
    within.length === 0
      ? readTextFile(path, MOST_BYTES, "move its contacts to a separate file (docs/contacts.md)")
      : readTextFile(path, MOST_SECTION_BYTES);
  const text = marked.replace(/^\ufeff/, "");
  if (flaw !== undefined) {
    report.error(flawAt(file, text, flaw.at), [], flaw.sentence);
    return undefined;
  }
  const known = recall(text);
  if (known === undefined) return parsed(file, text, report);
  const again = lazily(() => parsed(file, text, createProblemReport()));
  return {
    ...file,
    value: known,
    locate: (keys, part) => again()?.locate(keys, part) ?? positionAt(text, 0),
    remember: () => {},
  };
}

type File = Pick<YamlSource, "file" | "within">;

function parsed(file: File, text: string, report: ProblemReport): YamlSource | undefined {
  const { document, errors } = parseYaml(text);
  for (const { offset, sentence } of errors) report.error(flawAt(file, text, offset), [], sentence);
  if (document === undefined || errors.length > 0) return undefined;
  const { value, flaws, targets } = plainOf(document.contents);
  for (const { keys, offset, sentence } of flaws) report.error(flawAt(file, text, offset), keys, sentence);
  return {
    ...file,
    value,
    locate: (keys, part) => positionAt(text, offsetOf(document.contents, keys, part, targets)),
    remember: () => remember(text, value),
  };
}

/** Returns a source that locates every value at the position of a flaw. */
function flawAt(file: File, text: string, offset: number): YamlSource {
  return { ...file, value: undefined, locate: () => positionAt(text, offset), remember: () => {} };
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function shownAs(path: string): string {
  const inside = relative(process.cwd(), resolve(path));
  return inside === ".." || inside.startsWith("../") ? resolve(path) : inside;
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
