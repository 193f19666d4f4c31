import type { Urn } from "./wire/urn.ts";
import type { Properties } from "./wire/values.ts";

/** A resource that the engine asked about: the state has it, and this run may change it. */
export interface EngineResource {
  readonly urn: Urn;
  /** The inputs in the state. */
  readonly inputs: Properties;
}

/** What the engine has asked about so far. It asks before the program runs, so this is what the state has. */
export interface EngineState {
  note(resource: EngineResource): void;
  all(): readonly EngineResource[];
}

/** Creates a list without resources. */
export function emptyEngineState(): EngineState {
  const seen = new Map<string, EngineResource>();
  return {
    note: (resource) => void seen.set(resource.urn.text, resource),
    all: () => [...seen.values()],
  };
}
