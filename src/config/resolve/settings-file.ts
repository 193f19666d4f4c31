import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { Unmergeable } from "../../settings/format.ts";
import { parseKeys } from "../../settings/merge.ts";
import { formatOf } from "../../settings/registry.ts";
import type { Keys } from "../problem.ts";
import type { Context } from "./context.ts";

/**
 * Reports a file with `write: merge` if its keys cannot be merged.
 *
 * @param path the path of the file in the home, which determines the file's format
 * @param field the place, relative to `keys`, at which a problem with the text is reported
 */
export function checkSettingsFile(
  path: string,
  text: string,
  keys: Keys,
  field: Keys,
  { report, source }: Context,
): void {
  const format = formatOf(path);
  if (format === undefined) {
    const sentence = `cannot be \`merge\` for ${path}: the name of a merged file ends with .json, .jsonc, .toml, .yaml or .yml`;
    report.error(source, [...keys, "write"], sentence);
    return;
  }
  try {
    parseKeys(format, text);
  } catch (error) {
    if (!(error instanceof Unmergeable)) throw error;
    report.error(source, [...keys, ...field], error.message);
    return;
  }
  if (format.name === "YAML" && !isUnambiguous(text)) {
    const sentence =
      "has plain values that mean different things in YAML 1.1 and 1.2, such as `no` or `0755`: quote texts, and write `true` or `false`";
    report.error(source, [...keys, ...field], sentence);
  }
}

/** Whether a text has the same values in YAML 1.1 and YAML 1.2. Many Python programs read YAML 1.1. */
function isUnambiguous(text: string): boolean {
  const [one, other] = (["1.1", "1.2"] as const).map((version): unknown =>
    parse(text, { version, merge: false, logLevel: "error" }),
  );
  return isDeepStrictEqual(one, other);
}
