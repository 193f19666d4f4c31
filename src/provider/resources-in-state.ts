import type { Urn } from "./wire/urn.ts";
import type { Properties } from "./wire/values.ts";

/** A resource about which the engine has sent a request. The resource is in the state, and this run can change it. */
export interface EngineResource {
  readonly urn: Urn;
  /** The inputs in the state. */
  readonly inputs: Properties;
}

/**
 * The resources about which the engine has sent requests. The engine sends these requests before the program runs, so
 * all these resources are in the state.
 */
export interface EngineState {
  note(resource: EngineResource): void;
  all(): readonly EngineResource[];
}

/** Creates an empty list. */
export function emptyEngineState(): EngineState {
  const seen = new Map<string, EngineResource>();
  return {
    note: (resource) => void seen.set(resource.urn.text, resource),
    all: () => [...seen.values()],
  };
}
