import type { Properties, Value } from "../../wire/values.ts";

/**
 * Inputs that are not part of a resource's content: its former ids, whether it is protected, the unclaimed
 * records of its host (only on the first resource of a host), and, for a move, the resource that has the
 * agent's home now. These inputs are not in the state, and only the last two count as a change.
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
 * The input that identifies the host's machine. It is kept in the state so that a new machine shows up as a
 * change, and everything is applied again.
 */
export const MACHINE = "machine";

/** Returns the id of the resource on another host whose home will move here; undefined if nothing moves. */
export function movesFromOf(properties: Properties): string | undefined {
  const id = properties[MOVES_FROM];
  return typeof id === "string" ? id : undefined;
}

/** Returns the properties without the directives. */
export function withoutDirectives(properties: Properties): Properties {
  const { [FORMERLY]: _, [PROTECT]: __, [ORPHANS]: ___, [MOVES_FROM]: ____, ...lasting } = properties;
  return lasting;
}

function texts(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
