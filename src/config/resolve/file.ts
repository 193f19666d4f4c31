import type { IdentityFile } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import { readInside } from "../safe-path.ts";
import type { RawFile } from "../yaml-types.ts";
import type { Context } from "./context.ts";

const DEFAULT_MODE = "0644";

/**
 * A declared file with its text; undefined after a problem has been reported.
 *
 * @param field the keys, within the entry, of the path to report a problem at
 */
export function fileOf(raw: RawFile, keys: Keys, field: Keys, context: Context): IdentityFile | undefined {
  const mode = raw.mode ?? DEFAULT_MODE;
  if (raw.from === undefined) return { text: raw.text ?? "", mode };
  const { text, flaw } = readInside(context.dir, raw.from);
  if (flaw === undefined) return { text, mode };
  context.report.error(context.source, [...keys, ...field], `"${raw.from}" ${flaw.sentence}`);
  return undefined;
}

/** Reports a declared path that would have to be both a file and a folder. */
export function checkNoFileIsAFolder(paths: readonly string[], keys: Keys, context: Context): void {
  for (const path of paths) {
    const parent = paths.find((other) => path.startsWith(`${other}/`));
    if (parent === undefined) continue;
    context.report.error(
      context.source,
      [...keys, path],
      `"${parent}" is already a file, so it cannot be a folder`,
      "key",
    );
  }
}
