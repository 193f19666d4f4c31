import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { PACKAGE_NAME, packageRoot } from "../../base/muster-folders.ts";

/** The file in which npm records the packages that it has installed. */
interface InstalledLock {
  readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly version?: string }>>;
}

/**
 * Returns the dependency on the running Muster package for the package.json in `dir`. This is the version if the
 * package came from a registry, the URL if the package came from git, and otherwise the path of the tarball or
 * checkout.
 *
 * @param root the folder of the running package
 */
export function dependencyOn(dir: string, root: string = packageRoot()): string {
  const project = dirname(dirname(root));
  const lock = join(project, "node_modules", ".package-lock.json");
  const entry = existsSync(lock) ? readLock(lock).packages[`node_modules/${PACKAGE_NAME}`] : undefined;
  const { resolved, version } = entry ?? {};
  if (resolved === undefined) return fileSpec(dir, root);
  if (resolved.startsWith("git")) return resolved;
  if (resolved.startsWith("file:")) return fileSpec(dir, resolve(project, resolved.slice("file:".length)));
  return `^${version}`;
}

function readLock(file: string): InstalledLock {
  return JSON.parse(readFileSync(file, "utf8")) as InstalledLock;
}

function fileSpec(dir: string, path: string): string {
  return `file:${relative(dir, path)}`;
}
