import { existsSync } from "node:fs";
import { join } from "node:path";
import { InvalidError, type MusterError } from "../base/errors.ts";
import { ensurePassphrase, requirePassphrase } from "./passphrase.ts";
import type { InstallProgress } from "./progress.ts";
import { makeProjectFolders, type PulumiProject, readProject, readStackFile, stateDir } from "./project.ts";
import { pulumi } from "./stack.ts";

/**
 * Makes a stack with a passphrase of its own and these plain settings, as far as any of it is not there. Which stack
 * is selected stays the user's choice.
 *
 * @param settings the values by their name without `muster:`; a value that is there stays
 * @returns whether anything was made
 * @throws InvalidError where the stack was made elsewhere and its passphrase is not here
 */
export async function ensureStack(
  projectDir: string,
  stack: string,
  settings: Readonly<Record<string, string>>,
  progress: InstallProgress,
): Promise<boolean> {
  const project = readProject(projectDir);
  if (project === undefined)
    throw new InvalidError({ what: "no project", why: `${projectDir} has no Pulumi.yaml.` });
  makeProjectFolders(project);
  requirePassphrase(project, stack);
  ensurePassphrase(project, stack);
  const isNew = !exists(project, stack);
  if (isNew) {
    progress(`making the stack ${stack} and its passphrase`);
    await pulumi(project, stack, ["stack", "init", "--no-select", stack], progress).catch(passExisting);
  }
  const present = readStackFile(project, stack).config ?? {};
  const missing = Object.entries(settings).filter(([name]) => !(`muster:${name}` in present));
  if (missing.length > 0) {
    const values = missing.flatMap(([name, value]) => ["--plaintext", `muster:${name}=${value}`]);
    await pulumi(project, stack, ["config", "set-all", "--stack", stack, ...values], progress);
  }
  return isNew || missing.length > 0;
}

/** Whether the stack is known to be there; where the state is kept elsewhere, only the engine can tell. */
function exists(project: PulumiProject, stack: string): boolean {
  const state = stateDir(project);
  return state !== undefined && existsSync(join(state, ".pulumi", "stacks", project.name, `${stack}.json`));
}

function passExisting(error: MusterError): void {
  if (!/already exists/.test(error.why)) throw error;
}
