import type { Urn } from "../wire/urn.ts";
import type { Properties } from "../wire/values.ts";

export type Severity = "info" | "warning";

/** Prints one sentence about the resource in the terminal. */
export type Log = (severity: Severity, message: string) => Promise<void>;

/** The resource that a request of the engine concerns, and the function that prints messages about this resource. */
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
  /** Whether a new resource must replace this resource. */
  readonly replace?: boolean;
}

/** The changes, by property path, such as `items["SOUL.md"].content`. */
export type PropertyDiffs = Readonly<Record<string, PropertyDiff>>;

/** The current properties of a resource. Both the inputs and the state contain the observed values. */
export interface ActualState {
  readonly inputs: Properties;
  readonly state: Properties;
}

/**
 * How the provider handles one type of resource. `check` and `diff` contact no host. All other methods throw a
 * MusterError if they have failed without a permanent change, and a PartialError if the resource exists only partly or
 * its state is unknown.
 */
export interface Handler {
  check(call: HandlerCall, news: Properties): CheckedInputs | Promise<CheckedInputs>;
  /** Compares the desired inputs with the observed state. */
  diff(call: HandlerCall, state: Properties, news: Properties): PropertyDiffs;
  /** Returns the id of a resource, which depends only on its inputs. */
  id(inputs: Properties): string;
  /** Prints the effects of an update or, without `state`, of a create. Called only in a preview. */
  preview?(call: HandlerCall, news: Properties, state?: Properties): Promise<void>;
  /** Creates the resource. @returns the state */
  create(call: HandlerCall, news: Properties): Promise<Properties>;
  /** Reads the current properties. @returns undefined if the resource no longer exists */
  read(call: HandlerCall, id: string, recorded: ActualState): Promise<ActualState | undefined>;
  /** Updates the resource. @returns the state */
  update(call: HandlerCall, news: Properties, state: Properties): Promise<Properties>;
  /** Deletes the resource. Succeeds even if the resource no longer exists. */
  delete(call: HandlerCall, state: Properties): Promise<void>;
}
