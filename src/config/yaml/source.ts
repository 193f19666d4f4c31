import type { Keys, Position } from "../problem.ts";

/** Which part of an entry a position points at. */
export type Part = "key" | "value";

/** A parsed YAML file: its plain values, and the position of each. */
export interface YamlSource {
  /** The path of the file, as it is printed. */
  readonly file: string;
  /** The section that the whole file contains, such as `contacts`; empty for fleet.yaml. */
  readonly within: Keys;
  readonly value: unknown;
  locate(keys: Keys, part: Part): Position;
  /** Saves the parsed values for the next run. Call it only if the text has no problem. */
  remember(): void;
}
