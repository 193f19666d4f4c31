import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join, sep } from "node:path";
import { execa } from "execa";
import { cacheDir, packageRoot } from "../base/muster-folders.ts";
import { ENGINE_VERSION, usable } from "./engine-version.ts";
import { CLI, engineDir, LANGUAGE_HOST, launcherDir } from "./paths.ts";

const NPM_FOLDER = `${sep}node_modules${sep}`;

/** A usable engine: its CLI, its version, and where it was found. */
export interface Engine {
  pulumi: string;
  version: string;
  how: "path" | "cache" | "download" | "built";
}

/** Finds an engine on PATH. If there is none, finds an engine in the caches of Muster and of the vendor's launcher. */
export async function findEngine(): Promise<Engine | undefined> {
  return (await findOnPath()) ?? findInCache();
}

/** Finds the first usable CLI on PATH that was not installed by Muster and has a language host for Node. */
async function findOnPath(): Promise<Engine | undefined> {
  for (const pulumi of foreignClis()) {
    const version = await versionOf(pulumi);
    if (version !== undefined && usable(version) && hasLanguageHost(pulumi)) {
      return { pulumi, version, how: "path" };
    }
  }
  return undefined;
}

/**
 * Finds an engine in the caches. The version needs no check here, because a folder gets a version as its name only
 * after this version has been checked.
 */
export function findInCache(): Engine | undefined {
  const dir = [launcherDir(), engineDir()].find(holdsEngine);
  if (dir === undefined) return undefined;
  return { pulumi: join(dir, "bin", CLI), version: ENGINE_VERSION, how: "cache" };
}

/** Whether a folder has both programs of an engine in bin/. */
export function holdsEngine(dir: string): boolean {
  return [CLI, LANGUAGE_HOST].every((name) => isExecutable(join(dir, "bin", name)));
}

/** Returns every `pulumi` on PATH that is neither Muster's program nor a launcher that npm has installed. */
export function foreignClis(): string[] {
  return onPath(CLI).filter((file) => !isOurs(file));
}

/** Returns the version that a CLI reports; undefined if the CLI fails or takes longer than 15 s. */
export async function versionOf(pulumi: string): Promise<string | undefined> {
  const env = { PULUMI_SKIP_UPDATE_CHECK: "true" };
  const { failed, stdout } = await execa(pulumi, ["version"], {
    env,
    reject: false,
    timeout: 15_000,
    stdin: "ignore",
  });
  return failed ? undefined : stdout.trim().replace(/^v/, "");
}

/** Returns the paths of all executables with this name on PATH, in the order of PATH. */
export function onPath(name: string): string[] {
  const dirs = (process.env["PATH"] ?? "").split(delimiter).filter((dir) => dir !== "");
  return dirs.map((dir) => join(dir, name)).filter(isExecutable);
}

function hasLanguageHost(pulumi: string): boolean {
  return isExecutable(join(dirname(realpathSync(pulumi)), LANGUAGE_HOST)) || onPath(LANGUAGE_HOST).length > 0;
}

function isOurs(file: string): boolean {
  const real = realpathSync(file);
  const ours = [packageRoot(), cacheDir()].map((dir) => dir + sep);
  return ours.some((dir) => real.startsWith(dir)) || [file, real].some((path) => path.includes(NPM_FOLDER));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
