import { homedir } from "node:os";
import { join } from "node:path";
import { cacheDir } from "../base/paths.ts";
import { ENGINE_VERSION } from "./engine-version.ts";

/** The names of the two programs that make an engine: the CLI and its host for programs in Node. */
export const CLI = "pulumi";
export const LANGUAGE_HOST = "pulumi-language-nodejs";

/** Where the engine's own files lie: in the one folder for all that can be fetched again. */
export function engineDir(): string {
  return join(cacheDir(), "engine", ENGINE_VERSION);
}

/** The engine's own home: its selected stacks, logs and plugins. */
export function pulumiHome(env: NodeJS.ProcessEnv = process.env): string {
  return env["PULUMI_HOME"] || join(env["HOME"] || homedir(), ".pulumi");
}

/**
 * Where the npm package `pulumi` (lib/cache.js) and the Automation API look for this version of the engine:
 * a link to `engineDir()`, so that they find what was built here.
 */
export function launcherDir(): string {
  return join(pulumiHome(), "versions", ENGINE_VERSION);
}
