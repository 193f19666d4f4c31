import type { Urn } from "./wire/urn.ts";
import type { Properties } from "./wire/values.ts";

/** A resource that the engine asked about: one that its state has, and that this run may change. */
export interface EngineResource {
  readonly urn: Urn;
  /** As the state has them. */
  readonly inputs: Properties;
}

/** What the engine asked about so far. It asks before the program runs, so this is what the state has. */
export interface EngineState {
  note(resource: EngineResource): void;
  all(): readonly EngineResource[];
}

/** Nothing was asked about yet. */
export function emptyEngineState(): EngineState {
  const seen = new Map<string, EngineResource>();
  return {
    note: (resource) => void seen.set(resource.urn.text, resource),
    all: () => [...seen.values()],
  };
}
