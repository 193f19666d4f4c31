import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidError } from "../base/errors.ts";
import { PACKAGE_NAME } from "../base/muster-folders.ts";

/**
 * The name of Muster's npm package in version 0.1, which was never published. On npm, this name belongs to another
 * author.
 */
export const FORMER_PACKAGE = "muster";

/** Matches a path into the former package. Ignores comments. */
const FORMER_PATH = /^([^#\n]*\bnode_modules\/)muster(?=\/)/gm;

/** Whether the Pulumi.yaml in a folder loads its program or plugin from the former package. */
export function namesFormerPackage(dir: string): boolean {
  const file = join(dir, "Pulumi.yaml");
  if (!existsSync(file)) return false;
  const text = readFileSync(file, "utf8");
  return withCurrentPackage(text) !== text;
}

/**
 * Returns the text of a Pulumi.yaml in which paths into the former package are replaced with paths into the current
 * package.
 */
export function withCurrentPackage(text: string): string {
  return text.replace(FORMER_PATH, `$1${PACKAGE_NAME}`);
}

/** Returns the error for a Pulumi.yaml that names the former package. */
export function formerPackageError(): InvalidError {
  return new InvalidError({
    where: "Pulumi.yaml",
    what: `it names node_modules/${FORMER_PACKAGE}`,
    why: `Muster's npm package is called ${PACKAGE_NAME} now`,
    next: "Run `npx fleet init .`, which changes Pulumi.yaml and package.json.",
  });
}
