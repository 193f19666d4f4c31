import type { Keys, Position } from "../problem.ts";

/** The part of an entry to which a position refers. */
export type Part = "key" | "value";

/** A parsed YAML file: its plain values, and the position of each value. */
export interface YamlSource {
  /** The path of the file, as messages print it. */
  readonly file: string;
  /** The section of fleet.yaml that this file contains, such as `contacts`; empty for fleet.yaml itself. */
  readonly within: Keys;
  readonly value: unknown;
  /** Returns the position of a value. `file` is present if the value is in a file other than this source's own file. */
  locate(keys: Keys, part: Part): Position & { readonly file?: string };
  /** Saves the parsed values for the next run. Call this method only if the text has no problem. */
  remember(): void;
}
