import type { IdentityFile, IdentitySpec } from "../fleet.ts";
import type { RawIdentity, RawIdentityFile } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import type { Context, Resolver } from "./context.ts";
import { checkNoFileIsAFolder, fileOf } from "./file.ts";
import { checkSettingsFile } from "./settings-file.ts";

/**
 * The default mode of a merged file. Programs use this mode for their settings, because settings can contain secrets.
 */
const SETTINGS_MODE = "0600";

/** Resolves an identity and reads its files. */
export const resolveIdentity: Resolver<RawIdentity, IdentitySpec> = (name, raw, keys, context) => {
  const extra = raw.files ?? {};
  const paths = Object.keys(extra);
  const { soul } = raw;
  const isPath = typeof soul === "string";
  const files = {
    "SOUL.md": identityFile(
      "SOUL.md",
      isPath ? { from: soul } : soul,
      [...keys, "soul"],
      isPath ? [] : ["from"],
      context,
    ),
    ...Object.fromEntries(
      paths.map((path) => [
        path,
        identityFile(path, extra[path] as RawIdentityFile, [...keys, "files", path], ["from"], context),
      ]),
    ),
  };
  checkNoFileIsAFolder(["SOUL.md", ...paths], [...keys, "files"], context);
  return context.report.isSound("identities", name)
    ? { name, files: files as Record<string, IdentityFile> }
    : undefined;
};

function identityFile(
  path: string,
  raw: RawIdentityFile,
  keys: Keys,
  field: Keys,
  context: Context,
): IdentityFile | undefined {
  const file = fileOf(raw, keys, field, context);
  const { write = "whole", mode } = raw;
  if (file === undefined || write === "whole") return file;
  if (write === "once") return { ...file, write };
  checkSettingsFile(path, file.text, keys, raw.from === undefined ? ["text"] : field, context);
  return { ...file, write, mode: mode ?? SETTINGS_MODE };
}
