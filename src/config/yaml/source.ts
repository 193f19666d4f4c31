import type { Keys, Position } from "../problem.ts";

/** What to point at: the key, or what stands behind it. */
export type Part = "key" | "value";

/** A YAML file that was read: its plain values, and where each of them stands. */
export interface YamlSource {
  /** The file as people are told it. */
  readonly file: string;
  /** The section that the whole file stands for, such as `contacts`; empty for fleet.yaml. */
  readonly within: Keys;
  readonly value: unknown;
  locate(keys: Keys, part: Part): Position;
  /** Spares the next program the parsing of this text; for a text without any fault alone. */
  remember(): void;
}
