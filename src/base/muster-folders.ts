import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** Returns the folder for files that can be downloaded or built again. `fleet clean` removes this folder. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env["MUSTER_CACHE"]) return env["MUSTER_CACHE"];
  return join(env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache"), "muster");
}

/** The name of Muster's npm package. On npm, the name `muster` belongs to another author. */
export const PACKAGE_NAME = "muster-fleet";

/** Returns the folder of the installed package or checkout from which this code runs. */
export function packageRoot(from: string = import.meta.dirname): string {
  const found = nearest(from, (dir) => isMuster(join(dir, "package.json")));
  if (found === undefined)
    throw new Error(`neither ${from} nor a folder above it has the package.json of ${PACKAGE_NAME}`);
  return found;
}

/**
 * Finds the folder of the user's project. If MUSTER_PROJECT is set, it contains the path of this folder. Otherwise, the
 * project is the nearest folder with a Pulumi.yaml or a fleet.yaml: `from` or a folder above it.
 *
 * @returns undefined if no folder is found
 */
export function projectDir(from: string = process.cwd()): string | undefined {
  const named = process.env["MUSTER_PROJECT"];
  if (named) return named;
  return nearest(from, (dir) => ["Pulumi.yaml", "fleet.yaml"].some((f) => existsSync(join(dir, f))));
}

function nearest(from: string, test: (dir: string) => boolean): string | undefined {
  for (let dir = from; ; dir = dirname(dir)) {
    if (test(dir)) return dir;
    if (dirname(dir) === dir) return undefined;
  }
}

function isMuster(file: string): boolean {
  if (!existsSync(file)) return false;
  return (JSON.parse(readFileSync(file, "utf8")) as { name?: string }).name === PACKAGE_NAME;
}
