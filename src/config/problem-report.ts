import { visible } from "../base/terminal-text.ts";
import type { Keys, Problem } from "./problem.ts";
import { pathOf } from "./problem.ts";
import type { Part, YamlSource } from "./yaml/source.ts";

/** Collects what is wrong, so that everything is told at once. */
export interface ProblemReport {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Whether so much is wrong that looking on would help nobody. */
  readonly isFull: boolean;
  /** @param part whether the key or its value is to be pointed at */
  error(source: YamlSource, keys: Keys, sentence: string, part?: Part): void;
  warn(source: YamlSource, keys: Keys, sentence: string): void;
  /** Whether an error was told of this very place, so that a second one would say it again. */
  hasErrorAt(source: YamlSource, keys: Keys): boolean;
  /** Whether nothing is wrong so far with an entry of a section, such as `agents`, `iris`. */
  isSound(section: string, name: string): boolean;
}

/** More than these nobody reads; a hostile file could hold a million. */
const MOST_PROBLEMS = 200;

/** An empty report. */
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
  return {
    file: source.file,
    ...source.locate(keys, part),
    path: visible(pathOf(keys)),
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
