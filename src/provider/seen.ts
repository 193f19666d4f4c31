import type { Urn } from "./urn.ts";
import type { Properties } from "./values.ts";

/** A resource that the engine asked about: one that its state has, and that this run may change. */
export interface SeenResource {
  readonly urn: Urn;
  /** As the state has them. */
  readonly inputs: Properties;
}

/** What the engine asked about so far. It asks before the program runs, so this is what the state has. */
export interface Seen {
  note(resource: SeenResource): void;
  all(): readonly SeenResource[];
}

/** Nothing was asked about yet. */
export function nothingSeen(): Seen {
  const seen = new Map<string, SeenResource>();
  return {
    note: (resource) => void seen.set(resource.urn.text, resource),
    all: () => [...seen.values()],
  };
}
