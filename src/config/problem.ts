/** Where something stands in a YAML file: map keys and list indices from the root. */
export type Keys = readonly (string | number)[];

/** A place in a file; lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with fleet.yaml or a file that it names, in a plain sentence. */
export interface Problem extends Position {
  /** Relative to the working directory where the file lies within it, else absolute. */
  readonly file: string;
  /** Such as `agents.iris.routesTo[1]`; empty for the file as a whole. */
  readonly path: string;
  readonly sentence: string;
}

/** `file:line:column path: sentence`, the form that editors and terminals make a link of. */
export function formatProblem(problem: Problem): string {
  const path = problem.path === "" ? "" : ` ${problem.path}`;
  return `${problem.file}:${problem.line}:${problem.column}${path}: ${problem.sentence}`;
}

/** Keys as a path that people read; a key that is no plain word stands in quotes. */
export function pathOf(keys: Keys): string {
  return keys.map(step).join("").replace(/^\./, "");
}

function step(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return /^[\w-]+$/.test(key) ? `.${key}` : `["${key}"]`;
}
