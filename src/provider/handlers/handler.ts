import type { Urn } from "../wire/urn.ts";
import type { Properties } from "../wire/values.ts";

export type Severity = "info" | "warning";

/** Tells the person at the terminal one sentence about the resource. */
export type Log = (severity: Severity, message: string) => Promise<void>;

/** One request of the engine: which resource it is about, and a way to speak. */
export interface HandlerCall {
  readonly urn: Urn;
  readonly log: Log;
}

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckedInputs {
  readonly inputs: Properties;
  readonly failures: readonly CheckFailure[];
}

export interface PropertyDiff {
  readonly kind: "add" | "update" | "delete";
  /** The change needs another resource in place of this one. */
  readonly replace?: boolean;
}

/** Changes by property path, such as `items["SOUL.md"].content`. */
export type PropertyDiffs = Readonly<Record<string, PropertyDiff>>;

/** What a resource is now; observed values stand in the inputs as well as in the state. */
export interface ActualState {
  readonly inputs: Properties;
  readonly state: Properties;
}

/**
 * What the provider does for one type of resource. `check` and `diff` contact no host. The others throw
 * MusterError where nothing was changed for good, and PartialError where something is there or not known.
 */
export interface Handler {
  check(call: HandlerCall, news: Properties): CheckedInputs | Promise<CheckedInputs>;
  /** Compares the desired inputs with the observed state. */
  diff(call: HandlerCall, state: Properties, news: Properties): PropertyDiffs;
  /** The id of a resource with these inputs, which the inputs alone decide. */
  id(inputs: Properties): string;
  /** Hears that a preview foresees a create or, of this state, an update. */
  foresee?(call: HandlerCall, news: Properties, state?: Properties): Promise<void>;
  /** @returns the state */
  create(call: HandlerCall, news: Properties): Promise<Properties>;
  /** @returns undefined where the resource is gone */
  read(call: HandlerCall, id: string, recorded: ActualState): Promise<ActualState | undefined>;
  /** @returns the state */
  update(call: HandlerCall, news: Properties, state: Properties): Promise<Properties>;
  /** Removes it; that it is gone already is a success. */
  delete(call: HandlerCall, state: Properties): Promise<void>;
}
