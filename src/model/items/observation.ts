import type { Props } from "./values.ts";

/**
 * What a host reports about an item: its properties, or why they are unknown. Absent things have
 * `{type: "absent"}` or `{present: false}`. Unknown is never absent.
 */
export type Observation =
  | { readonly props: Props; readonly detail?: readonly Detail[] }
  | { readonly unknown: string };

/** A difference inside one property, such as one cell of `rows` or one line of `content`. */
export interface Detail {
  readonly property: string;
  readonly declared: string;
  readonly observed: string;
  /** The first changed lines of a text: `-` precedes declared lines, `+` observed ones. */
  readonly lines?: readonly string[];
}

export type Observations = Readonly<Record<string, Observation>>;
