import type { Secret } from "../../base/secret.ts";

/** The values that a property can have. In a preview, unknown values are the string UNKNOWN. */
export type Value = null | boolean | number | string | Secret | readonly Value[] | Properties;

export interface Properties {
  readonly [key: string]: Value;
}

/** The engine's mark for a value that is known only during the update (sdk/nodejs/runtime/rpc). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Returns the value if it is a map, and undefined otherwise. */
export function asProperties(value: Value | undefined): Properties | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Properties)
    : undefined;
}
