import type { Secret } from "../../base/secret.ts";

/** What a property can be. Unknowns of a preview are the plain string UNKNOWN, and pass through as such. */
export type Value = null | boolean | number | string | Secret | readonly Value[] | Properties;

export interface Properties {
  readonly [key: string]: Value;
}

/** The engine's mark for a value that only the update will know (sdk/nodejs/runtime/rpc). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The values under one roof, or undefined where there is no map of values. */
export function asProperties(value: Value | undefined): Properties | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Properties)
    : undefined;
}
