import type { Urn } from "../urn.ts";
import type { Properties } from "../values.ts";

export type Severity = "info" | "warning";

/** Tells the person at the terminal one sentence about the resource. */
export type Log = (severity: Severity, message: string) => Promise<void>;

/** One request of the engine: which resource it is about, and a way to speak. */
export interface Call {
  readonly urn: Urn;
  readonly log: Log;
}

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface Checked {
  readonly inputs: Properties;
  readonly failures: readonly CheckFailure[];
}

export interface Change {
  readonly kind: "add" | "update" | "delete";
  /** The change needs another resource in place of this one. */
  readonly replace?: boolean;
}

/** Changes by property path, such as `items["SOUL.md"].content`. */
export type Changes = Readonly<Record<string, Change>>;

/** What a resource is now; observed values stand in the inputs as well as in the state. */
export interface Actual {
  readonly inputs: Properties;
  readonly state: Properties;
}

/**
 * What the provider does for one type of resource. `check` and `diff` contact no host. The others throw
 * MusterError where nothing was changed for good, and PartialError where something is there or not known.
 */
export interface Handler {
  check(call: Call, news: Properties): Checked | Promise<Checked>;
  /** Compares the desired inputs with the observed state. */
  diff(call: Call, state: Properties, news: Properties): Changes;
  /** The id of a resource with these inputs, which the inputs alone decide. */
  id(inputs: Properties): string;
  /** Hears that a preview foresees a create or, of this state, an update. */
  foresee?(call: Call, news: Properties, state?: Properties): Promise<void>;
  /** @returns the state */
  create(call: Call, news: Properties): Promise<Properties>;
  /** @returns undefined where the resource is gone */
  read(call: Call, id: string, recorded: Actual): Promise<Actual | undefined>;
  /** @returns the state */
  update(call: Call, news: Properties, state: Properties): Promise<Properties>;
  /** Removes it; that it is gone already is a success. */
  delete(call: Call, state: Properties): Promise<void>;
}
