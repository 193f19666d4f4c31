import struct_pb from "google-protobuf/google/protobuf/struct_pb.js";

/** A value as plain JSON. Received secrets are unwrapped, because the engine itself wraps them again. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | Properties;

export interface Properties {
  readonly [name: string]: Json;
}

/** The key and value that mark a secret, and the text that marks an unknown value (sdk/nodejs/runtime/rpc). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function decode(struct: struct_pb.Struct | undefined): Properties {
  return struct === undefined ? {} : (opened(struct.toJavaScript() as Json) as Properties);
}

export function encode(properties: Properties): struct_pb.Struct {
  return struct_pb.Struct.fromJavaScript(withoutUndefined(properties) as never);
}

function opened(value: Json): Json {
  if (Array.isArray(value)) return value.map(opened);
  if (!isMap(value)) return value;
  if (value[SIGNATURE] === SECRET) return opened(value["value"]);
  return mapped(value, opened);
}

function withoutUndefined(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  return isMap(value) ? mapped(value, withoutUndefined) : value;
}

function mapped(map: Properties, change: (value: Json) => Json): Properties {
  const known = Object.entries(map).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, change(value)]));
}

export function isMap(value: Json): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns whether a value is unknown or contains an unknown value. */
export function isUnknown(value: Json): boolean {
  if (Array.isArray(value)) return value.some(isUnknown);
  return isMap(value) ? Object.values(value).some(isUnknown) : value === UNKNOWN;
}

/** Returns whether a value is a zero value. Terraform treats zero values like missing values. */
export function isZero(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isMap(value)) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === "" || value === 0 || value === false;
}

/** Returns the same text for equal values, even if their keys have a different order. */
export function textOf(value: Json): string {
  return JSON.stringify(value, (_, inner: Json) =>
    isMap(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
