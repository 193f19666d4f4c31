import type { Properties, Value } from "../../wire/values.ts";

/**
 * Inputs that are not part of a resource's content: its former ids, whether it is protected, the unclaimed records of
 * its host (only on the first resource of a host), and the resource that has its home. They are not in the state, and
 * only the last two count as a change.
 */
const FORMERLY = "formerly";
const PROTECT = "protect";
export const ORPHANS = "orphans";
export const MOVES_FROM = "movesFrom";

/** The ids of the records that will be removed from the host. */
export function orphansOf(properties: Properties): readonly string[] {
  return texts(properties[ORPHANS]);
}

/** The ids that the resource had before it was renamed. */
export function formerlyOf(properties: Properties): readonly string[] {
  return texts(properties[FORMERLY]);
}

/** The machine of the host. It is in the state, so that a new machine gets what was on the old one. */
export const MACHINE = "machine";

/** The id of the resource on another host that has the home which will move here. */
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
