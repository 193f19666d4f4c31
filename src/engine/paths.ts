import { homedir } from "node:os";
import { join } from "node:path";
import { cacheDir } from "../base/muster-folders.ts";
import { ENGINE_VERSION } from "./engine-version.ts";

/** The names of the two programs of an engine: the CLI and the language host for Node. */
export const CLI = "pulumi";
export const LANGUAGE_HOST = "pulumi-language-nodejs";

/** Returns the folder inside the cache folder in which Muster installs the engine. */
export function engineDir(): string {
  return join(cacheDir(), "engine", ENGINE_VERSION);
}

/** Returns the engine's home folder, which contains the selected stacks, the logs and the plugins. */
export function pulumiHome(env: NodeJS.ProcessEnv = process.env): string {
  return env["PULUMI_HOME"] || join(env["HOME"] || homedir(), ".pulumi");
}

/**
 * Returns the folder in which the npm package `pulumi` (lib/cache.js) and the Automation API search for this version of
 * the engine. Muster makes this folder a link to `engineDir()`, so that both find the engine that Muster has installed.
 */
export function launcherDir(): string {
  return join(pulumiHome(), "versions", ENGINE_VERSION);
}
