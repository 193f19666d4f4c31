import type { Format } from "./format.ts";
import { json } from "./json.ts";
import { toml } from "./toml.ts";
import { yaml } from "./yaml.ts";

const FORMATS: Readonly<Record<string, Format>> = { json, jsonc: json, toml, yaml, yml: yaml };

/**
 * Returns the format of a settings file, which its file name extension determines; undefined if the format is not
 * known.
 */
export function formatOf(path: string): Format | undefined {
  const extension = /\.([a-z]+)$/.exec(path)?.[1] ?? "";
  return Object.hasOwn(FORMATS, extension) ? FORMATS[extension] : undefined;
}
