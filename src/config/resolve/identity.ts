import type { IdentityFile, IdentitySpec } from "../fleet.ts";
import type { RawFile, RawIdentity } from "../yaml-types.ts";
import type { Resolver } from "./context.ts";
import { checkNoFileIsAFolder, fileOf } from "./file.ts";

/** Resolves an identity and reads its files. */
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
