import type { Props } from "./values.ts";

/**
 * What a host reports about an item: its properties, or the reason why they are unknown. An item that does
 * not exist has `{type: "absent"}` or `{present: false}`; unknown never means absent.
 */
export type Observation =
  | { readonly props: Props; readonly detail?: readonly Detail[] }
  | { readonly unknown: string };

/** A difference inside one property, such as one cell of `rows` or one line of `content`. */
export interface Detail {
  readonly property: string;
  readonly declared: string;
  readonly observed: string;
  /**
   * Only for a text: its first changed lines. `-` precedes declared lines, and `+` precedes observed lines.
   */
  readonly lines?: readonly string[];
}

export type Observations = Readonly<Record<string, Observation>>;
