import type { IdentityFile, IdentitySpec } from "../fleet.ts";
import { readInside } from "../inside.ts";
import type { Keys } from "../problem.ts";
import type { RawFile, RawIdentity } from "../raw.ts";
import type { Context, Resolver } from "./context.ts";

const DEFAULT_MODE = "0644";

/** An identity with the texts of its files. */
export const resolveIdentity: Resolver<RawIdentity, IdentitySpec> = (name, raw, keys, context) => {
  const extra = raw.files ?? {};
  const paths = Object.keys(extra);
  const files = {
    "SOUL.md": fileOf({ from: raw.soul }, [...keys, "soul"], [], context),
    ...Object.fromEntries(
      paths.map((path) => [
        path,
        fileOf(extra[path] as RawFile, [...keys, "files", path], ["from"], context),
      ]),
    ),
  };
  checkNoFileIsAFolder(["SOUL.md", ...paths], [...keys, "files"], context);
  return context.report.isSound("identities", name)
    ? { name, files: files as Record<string, IdentityFile> }
    : undefined;
};

/** @param field where in the entry the path stands that a problem is told at */
function fileOf(raw: RawFile, keys: Keys, field: Keys, context: Context): IdentityFile | undefined {
  const mode = raw.mode ?? DEFAULT_MODE;
  if (raw.from === undefined) return { text: raw.text ?? "", mode };
  const { text, flaw } = readInside(context.dir, raw.from);
  if (flaw === undefined) return { text, mode };
  context.report.error(context.source, [...keys, ...field], `"${raw.from}" ${flaw.sentence}`);
  return undefined;
}

function checkNoFileIsAFolder(paths: readonly string[], keys: Keys, context: Context): void {
  for (const path of paths) {
    const parent = paths.find((other) => path.startsWith(`${other}/`));
    if (parent === undefined) continue;
    context.report.error(
      context.source,
      [...keys, path],
      `"${parent}" is a file already, not a folder`,
      "key",
    );
  }
}
