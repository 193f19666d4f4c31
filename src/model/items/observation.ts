import type { Props } from "./values.ts";

/**
 * A host's report about an item: its properties, or the reason why they are unknown. The properties of a missing item
 * are `{type: "absent"}` or `{present: false}`. `unknown` never means that the item is missing.
 */
export type Observation =
  | {
      readonly props: Props;
      readonly detail?: readonly Detail[];
      readonly refusal?: Refusal;
      /** A sentence about the host that `up` prints, although the item is as declared. */
      readonly warning?: string;
      /** Present if `up` never changes such an item. `up` then succeeds without repairing the item. */
      readonly isLeft?: true;
      /** The item's path with all links resolved. Present if links lead out of the agent's home. */
      readonly leads?: string;
    }
  | { readonly unknown: string };

/**
 * The reason why `up` cannot give an item its declared properties, and the next step for a person. In both texts,
 * `NAME` stands for the name of the agent or service; see `refusalText`.
 */
export interface Refusal {
  /** A clause, such as "it has been in quarantine since …". */
  readonly why: string;
  readonly next?: string;
}

/** Returns a refusal as sentences. @param name the agent or service; if absent, the texts keep `NAME` */
export function refusalText({ why, next }: Refusal, name = "NAME"): string {
  const text = next === undefined ? why : `${why} ${next}`;
  return text.replaceAll(/\bNAME\b/g, name);
}

/**
 * The reason why the desired and the observed state differ. `drift`: somebody changed the host. `intended`: somebody
 * changed fleet.yaml. `both`: both were changed. `unknown`: the host has no record of an earlier run, so the cause
 * cannot be determined.
 */
export type Cause = "drift" | "intended" | "both" | "unknown";

/** A difference inside one property, such as one cell of `rows` or one line of `content`. */
export interface Detail {
  readonly property: string;
  readonly declared: string;
  readonly observed: string;
  /** The first changed lines of a text. `-` precedes declared lines, and `+` precedes observed lines. */
  readonly lines?: readonly string[];
  /** The cause of this detail, if the host knows it. Otherwise, the cause of the property applies. */
  readonly cause?: Cause;
}

export type Observations = Readonly<Record<string, Observation>>;
