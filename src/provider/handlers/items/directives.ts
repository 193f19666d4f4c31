import type { Properties, Value } from "../../wire/values.ts";

/**
 * What the program says of a resource that is no part of what it is: the ids that it had before, whether it is
 * protected, on the first of a host the records that nobody claims, and of a home that is on another host where it is.
 * None of it is in the state, and only the last two are a change.
 */
const FORMERLY = "formerly";
const PROTECT = "protect";
export const ORPHANS = "orphans";
export const MOVES_FROM = "movesFrom";

/** Ids of records on the host that are to go. */
export function orphansOf(properties: Properties): readonly string[] {
  return texts(properties[ORPHANS]);
}

/** The ids that the resource had before it was renamed. */
export function formerlyOf(properties: Properties): readonly string[] {
  return texts(properties[FORMERLY]);
}

/** Which machine the host is; it is in the state, so that what was on another machine is written on this one. */
export const MACHINE = "machine";

/** The id of the resource on another host whose home this one is to have. */
export function movesFromOf(properties: Properties): string | undefined {
  const id = properties[MOVES_FROM];
  return typeof id === "string" ? id : undefined;
}

/** The properties that are the resource itself. */
export function withoutDirectives(properties: Properties): Properties {
  const { [FORMERLY]: _, [PROTECT]: __, [ORPHANS]: ___, [MOVES_FROM]: ____, ...lasting } = properties;
  return lasting;
}

function texts(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
