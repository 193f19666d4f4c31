import type { Properties, Value } from "../../wire/values.ts";

/**
 * What the program says about a resource besides its content: its former ids, whether it is protected, the unclaimed
 * records of its host (on the first resource of a host), and the host that its home is on. None of it is in the
 * state, and only the last two are a change.
 */
const FORMERLY = "formerly";
const PROTECT = "protect";
export const ORPHANS = "orphans";
export const MOVES_FROM = "movesFrom";

/** Ids of records on the host that will be removed. */
export function orphansOf(properties: Properties): readonly string[] {
  return texts(properties[ORPHANS]);
}

/** The ids that the resource had before it was renamed. */
export function formerlyOf(properties: Properties): readonly string[] {
  return texts(properties[FORMERLY]);
}

/** The machine of the host. It is in the state, so that what was on another machine is written to this one. */
export const MACHINE = "machine";

/** The id of the resource on another host whose home this one will get. */
export function movesFromOf(properties: Properties): string | undefined {
  const id = properties[MOVES_FROM];
  return typeof id === "string" ? id : undefined;
}

/** The properties without directives. */
export function withoutDirectives(properties: Properties): Properties {
  const { [FORMERLY]: _, [PROTECT]: __, [ORPHANS]: ___, [MOVES_FROM]: ____, ...lasting } = properties;
  return lasting;
}

function texts(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
