import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { ENGINE_DEFAULTS } from "../base/engine-defaults.ts";
import { cacheDir } from "../base/muster-folders.ts";
import { passphraseFile, passphraseIsSet } from "./passphrase.ts";
import { pulumiHome } from "./paths.ts";
import type { PulumiProject } from "./project.ts";
import { type ProjectLaunch, readProjectLaunch } from "./start-requirements.ts";

/**
 * Builds the environment for the engine: the current environment, plus defaults for unset variables. PATH begins with
 * the folder of the Node that runs this process and the folder of the engine, so that programs and providers use this
 * Node and this engine.
 *
 * @param launch the launcher's steps for the project's hosts; read from the project if absent
 */
export async function engineEnv(
  pulumi: string,
  project?: PulumiProject,
  stack?: string,
  launch?: ProjectLaunch,
): Promise<NodeJS.ProcessEnv> {
  const path = [dirname(process.execPath), dirname(pulumi), process.env["PATH"] ?? ""].join(delimiter);
  return {
    // Without this variable, the engine uses the home folder from /etc/passwd, but the vendor's launcher uses HOME.
    PULUMI_HOME: pulumiHome(),
    NODE_COMPILE_CACHE: join(cacheDir(), "compile"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // The engine runs for seconds and uses little memory. Less frequent garbage collection is therefore harmless, and
    // saves a fifth of the engine's time.
    GOGC: "400",
    ...ENGINE_DEFAULTS,
    ...(launch ?? (await readProjectLaunch(project))).env,
    ...(project && { MUSTER_PROJECT: project.dir }),
    ...(project && stack && passphraseEnv(project, stack)),
    ...process.env,
    PATH: path,
  };
}

/** Returns the variables that Muster's `pulumi` sets and that are missing in the environment, as NAME=VALUE. */
export function unsetVariables(project: PulumiProject, stack: string | undefined): string[] {
  const wanted = { ...ENGINE_DEFAULTS, ...(stack && passphraseEnv(project, stack)) };
  return Object.entries(wanted)
    .filter(([name]) => process.env[name] === undefined)
    .map(([name, value]) => `${name}=${value}`);
}

function passphraseEnv(project: PulumiProject, stack: string): Record<string, string> {
  const file = passphraseFile(project, stack);
  return passphraseIsSet() || !existsSync(file) ? {} : { PULUMI_CONFIG_PASSPHRASE_FILE: file };
}
