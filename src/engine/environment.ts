import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { ENGINE_DEFAULTS } from "../base/engine-defaults.ts";
import { cacheDir } from "../base/paths.ts";
import { type ProjectLaunch, readProjectLaunch } from "./launch-hosts.ts";
import { passphraseFile, passphraseIsSet } from "./passphrase.ts";
import { pulumiHome } from "./paths.ts";
import type { PulumiProject } from "./project.ts";

/**
 * Builds the environment for the engine: the present one, and what is unset in it. Programs and providers run on the
 * Node that runs this, and find the engine's own programs first.
 *
 * @param launch what the hosts of the project need, where the caller has read that already
 */
export async function engineEnv(
  pulumi: string,
  project?: PulumiProject,
  stack?: string,
  launch?: ProjectLaunch,
): Promise<NodeJS.ProcessEnv> {
  const path = [dirname(process.execPath), dirname(pulumi), process.env["PATH"] ?? ""].join(delimiter);
  return {
    // The engine itself would take the home folder of /etc/passwd, and its launcher that of HOME.
    PULUMI_HOME: pulumiHome(),
    NODE_COMPILE_CACHE: join(cacheDir(), "compile"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // The engine runs for seconds and takes little memory: collecting garbage rarely saves a fifth of its time.
    GOGC: "400",
    ...ENGINE_DEFAULTS,
    ...(launch ?? (await readProjectLaunch(project))).env,
    ...(project && { MUSTER_PROJECT: project.dir }),
    ...(project && stack && passphraseEnv(project, stack)),
    ...process.env,
    PATH: path,
  };
}

/** The variables that a `pulumi` from elsewhere would lack here, each as NAME=VALUE. */
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
