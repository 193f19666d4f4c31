import type { Urn } from "../wire/urn.ts";
import type { Properties } from "../wire/values.ts";

export type Severity = "info" | "warning";

/** Prints one sentence about the resource in the terminal. */
export type Log = (severity: Severity, message: string) => Promise<void>;

/** One request of the engine: the resource that it is about, and a way to print messages. */
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

/** The current resource; inputs and state both have the observed values. */
export interface ActualState {
  readonly inputs: Properties;
  readonly state: Properties;
}

/**
 * How the provider handles one type of resource. `check` and `diff` contact no host. The others throw a MusterError
 * where nothing has changed for good, and a PartialError where something exists or is unknown.
 */
export interface Handler {
  check(call: HandlerCall, news: Properties): CheckedInputs | Promise<CheckedInputs>;
  /** Compares the desired inputs with the observed state. */
  diff(call: HandlerCall, state: Properties, news: Properties): PropertyDiffs;
  /** The id of a resource with these inputs, which depends only on the inputs. */
  id(inputs: Properties): string;
  /** Called when a preview expects a create or, with a state, an update. */
  foresee?(call: HandlerCall, news: Properties, state?: Properties): Promise<void>;
  /** @returns the state */
  create(call: HandlerCall, news: Properties): Promise<Properties>;
  /** @returns undefined where the resource is gone */
  read(call: HandlerCall, id: string, recorded: ActualState): Promise<ActualState | undefined>;
  /** @returns the state */
  update(call: HandlerCall, news: Properties, state: Properties): Promise<Properties>;
  /** Removes it. Succeeds where it is gone already. */
  delete(call: HandlerCall, state: Properties): Promise<void>;
}
