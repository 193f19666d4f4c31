import type { Properties, Value } from "../../wire/values.ts";

/**
 * Inputs that are not part of a resource's content and are not in the state. FORMERLY contains the resource's former
 * ids. PROTECT says whether the resource is protected. ORPHANS contains the unclaimed records on the host; only the
 * host's first resource has this input. For a move, MOVES_FROM is the id of the resource that currently has the agent's
 * home. Only ORPHANS and MOVES_FROM count as a change.
 */
const FORMERLY = "formerly";
const PROTECT = "protect";
export const ORPHANS = "orphans";
export const MOVES_FROM = "movesFrom";

/** Returns the ids of the records that will be removed from the host. */
export function orphansOf(properties: Properties): readonly string[] {
  return texts(properties[ORPHANS]);
}

/** Returns the ids that the resource had before it was renamed. */
export function formerlyOf(properties: Properties): readonly string[] {
  return texts(properties[FORMERLY]);
}

/**
 * The input that identifies the host's machine. The state keeps this input, so that a new machine appears as a change
 * and everything is applied again.
 */
export const MACHINE = "machine";

/** Returns the id of the resource on another host that currently has the agent's home; undefined if no home moves. */
export function movesFromOf(properties: Properties): string | undefined {
  const id = properties[MOVES_FROM];
  return typeof id === "string" ? id : undefined;
}

/** Returns the properties without the inputs that are not in the state. */
export function withoutDirectives(properties: Properties): Properties {
  const { [FORMERLY]: _, [PROTECT]: __, [ORPHANS]: ___, [MOVES_FROM]: ____, ...lasting } = properties;
  return lasting;
}

function texts(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
