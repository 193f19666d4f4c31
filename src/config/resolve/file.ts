import type { IdentityFile } from "../fleet.ts";
import type { RawFile } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import { readInside } from "../safe-path.ts";
import type { Context } from "./context.ts";

const DEFAULT_MODE = "0644";

/**
 * Reads a declared file.
 *
 * @param field the place, relative to `keys`, at which a problem with the path of the file is reported
 * @returns undefined if a problem was reported
 */
export function fileOf(raw: RawFile, keys: Keys, field: Keys, context: Context): IdentityFile | undefined {
  const mode = raw.mode ?? DEFAULT_MODE;
  if (raw.from === undefined) return { text: raw.text ?? "", mode };
  const { text, flaw } = readInside(context.dir, raw.from);
  if (flaw === undefined) return { text, mode };
  context.report.error(context.source, [...keys, ...field], `"${raw.from}" ${flaw.sentence}`);
  return undefined;
}

/**
 * Reports a declared file whose path is below another declared file, because this other file cannot also be a folder.
 */
export function checkNoFileIsAFolder(paths: readonly string[], keys: Keys, context: Context): void {
  for (const path of paths) {
    const parent = paths.find((other) => path.startsWith(`${other}/`));
    if (parent === undefined) continue;
    context.report.error(
      context.source,
      [...keys, path],
      `"${parent}" is declared as a file, so it cannot also be a folder`,
      "key",
    );
  }
}
