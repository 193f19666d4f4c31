import { visible } from "../base/terminal-text.ts";
import type { Keys, Problem } from "./problem.ts";
import { pathOf } from "./problem.ts";
import type { Part, YamlSource } from "./yaml/source.ts";

/** Collects problems, so that all problems can be printed together. */
export interface ProblemReport {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Whether the maximum number of problems has been reached. Further problems are dropped. */
  readonly isFull: boolean;
  /** Adds an error. @param part whether the error is in the key or in the value */
  error(source: YamlSource, keys: Keys, sentence: string, part?: Part): void;
  warn(source: YamlSource, keys: Keys, sentence: string): void;
  /** Whether a problem has already been reported for this place, so that a second problem is not necessary. */
  hasErrorAt(source: YamlSource, keys: Keys): boolean;
  /** Whether no problem has been reported so far for an entry of a section, such as `iris` in `agents`. */
  isSound(section: string, name: string): boolean;
}

/** The maximum number of problems. Without a maximum, a malicious file could cause a million problems. */
const MOST_PROBLEMS = 200;

/** Creates an empty report. */
export function createProblemReport(): ProblemReport {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const broken = new Set<string>();
  const places = new Set<string>();
  return {
    get problems() {
      return problems.toSorted(inReadingOrder);
    },
    get warnings() {
      return warnings.toSorted(inReadingOrder);
    },
    get isFull() {
      return problems.length >= MOST_PROBLEMS;
    },
    error(source, keys, sentence, part = "value") {
      const [section, name] = [...source.within, ...keys];
      broken.add(entry(section, name));
      places.add(place(source, keys));
      if (!this.isFull) problems.push(problemAt(source, keys, sentence, part));
    },
    warn(source, keys, sentence) {
      warnings.push(problemAt(source, keys, sentence, "value"));
    },
    hasErrorAt: (source, keys) => places.has(place(source, keys)),
    isSound: (section, name) => !broken.has(entry(section, name)),
  };
}

function place(source: YamlSource, keys: Keys): string {
  return `${source.file} ${JSON.stringify(keys)}`;
}

function entry(section: unknown, name: unknown): string {
  return `${section} ${name}`;
}

function problemAt(source: YamlSource, keys: Keys, sentence: string, part: Part): Problem {
  const { file = source.file, line, column } = source.locate(keys, part);
  return {
    file,
    line,
    column,
    path: visible(keys.length === 0 ? "" : pathOf([...source.within, ...keys])),
    sentence: visible(sentence),
  };
}

function inReadingOrder(a: Problem, b: Problem): number {
  return byFile(a, b) || a.line - b.line || a.column - b.column;
}

function byFile(a: Problem, b: Problem): number {
  if (a.file === b.file) return 0;
  return a.file < b.file ? -1 : 1;
}
