/** The path of a value in a YAML file: map keys and list indices from the root. */
export type Keys = readonly (string | number)[];

/** A place in a file. The first line and the first column have the number 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A problem in fleet.yaml or in a file that it names. */
export interface Problem extends Position {
  /** The path of the file: relative if the file is within the working directory, and absolute otherwise. */
  readonly file: string;
  /**
   * The path of the value, such as `agents.iris.routesTo[1]`; empty if the problem concerns the complete
   * file.
   */
  readonly path: string;
  readonly sentence: string;
}

/**
 * Formats a problem as `file:line:column path: sentence`. Editors and terminals show this format as a link.
 */
export function formatProblem(problem: Problem): string {
  const path = problem.path === "" ? "" : ` ${problem.path}`;
  return `${problem.file}:${problem.line}:${problem.column}${path}: ${problem.sentence}`;
}

/** Formats keys as a path. A key that is not a plain word is quoted. */
export function pathOf(keys: Keys): string {
  return keys.map(step).join("").replace(/^\./, "");
}

function step(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return /^[\w-]+$/.test(key) ? `.${key}` : `["${key}"]`;
}
