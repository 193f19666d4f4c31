import { mapValues } from "../../base/objects.ts";
import type { AgentSpec, IdentityFile, IdentitySpec } from "../../config/fleet.ts";
import { type Format, Unmergeable } from "../../settings/format.ts";
import { addMissingKeys, mergeKeys, parseKeys } from "../../settings/merge.ts";
import { formatOf } from "../../settings/registry.ts";

/**
 * Returns the settings files of a runtime, together with the keys that the agent's identity declares for the same
 * files.
 *
 * @param declared the files of the identity. A lint refuses an identity that declares different values for keys of the
 *   settings.
 */
export function settingsFiles(
  { files, defaults }: AgentSpec["settings"],
  declared: IdentitySpec["files"],
): Readonly<Record<string, IdentityFile>> {
  return mapValues({ ...defaults, ...files }, (_, path) => {
    const own = declared[path];
    const text = joined(path, own?.text, files[path] ?? "", defaults[path] ?? "");
    if (own !== undefined && own.write !== "merge") return { ...own, text };
    return { text, mode: own?.mode ?? "0600", write: "merge" };
  });
}

function joined(path: string, own: string | undefined, settings: string, defaults: string): string {
  const format = formatOf(path);
  if (format === undefined) throw new Error(`${path} has no format`);
  if (own === undefined && settings === "") return defaults;
  const start = own ?? settings;
  try {
    const merged = mergeKeys(format, start, parseKeys(format, settings), []).text;
    return withDefaults(format, merged, defaults);
  } catch (error) {
    // The text of a merged file was already checked. A file that only the identity declares does not have to be
    // mergeable.
    if (error instanceof Unmergeable) return start;
    throw error;
  }
}

function withDefaults(format: Format, text: string, defaults: string): string {
  const missing = addMissingKeys(parseKeys(format, text), parseKeys(format, defaults));
  return mergeKeys(format, text, missing, []).text;
}
