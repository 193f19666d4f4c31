import struct_pb from "google-protobuf/google/protobuf/struct_pb.js";
import { mapValues } from "../../base/objects.ts";
import { Secret } from "../../base/secret.ts";
import type { Properties, Value } from "./values.ts";

/** The key and the value that mark a secret in Pulumi's protocol (sdk/nodejs/runtime/rpc). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Converts a protobuf struct to properties. Secret texts become Secret. */
export function decode(struct: struct_pb.Struct | undefined): Properties {
  return struct === undefined ? {} : decodeMap(struct.toJavaScript() as Json);
}

/** Converts properties to a protobuf struct. Each Secret is marked as a secret for Pulumi. */
export function encode(properties: Properties): struct_pb.Struct {
  return struct_pb.Struct.fromJavaScript(encodeMap(properties) as never);
}

interface Json {
  readonly [key: string]: unknown;
}

function decodeMap(map: Json): Properties {
  return mapValues(map, decodeValue);
}

function decodeValue(value: unknown): Value {
  if (Array.isArray(value)) return value.map(decodeValue);
  if (typeof value !== "object" || value === null) return value as Value;
  const map = value as Json;
  return map[SIGNATURE] === SECRET ? decodeSecret(map["value"]) : decodeMap(map);
}

/** Converts a secret value. Only a text can be secret, so a secret map is read as a plain map. */
function decodeSecret(value: unknown): Value {
  return typeof value === "string" ? new Secret(value) : decodeValue(value);
}

function encodeMap(map: Properties): Json {
  return mapValues(map, encodeValue);
}

function encodeValue(value: Value): unknown {
  if (value instanceof Secret) return { [SIGNATURE]: SECRET, value: value.reveal() };
  if (Array.isArray(value)) return value.map(encodeValue);
  return typeof value === "object" && value !== null ? encodeMap(value as Properties) : value;
}
