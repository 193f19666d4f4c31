import { existsSync } from "node:fs";
import { join } from "node:path";
import { InvalidError, MusterError } from "../base/errors.ts";
import { ensureEngine } from "./install-engine.ts";
import { ensurePassphrase, requirePassphrase } from "./passphrase.ts";
import type { InstallProgress } from "./progress.ts";
import {
  makeProjectFolders,
  type PulumiProject,
  readProject,
  readStackFile,
  selectedStack,
  stateDir,
} from "./project.ts";
import { runEngine } from "./run-engine.ts";

/** The namespace of our configuration: the provider's name. */
const NAMESPACE = "muster";

/**
 * Makes a stack and its passphrase together, and gives it the secrets that it lacks. Does nothing, and does not
 * call the engine, where all is there.
 *
 * @param secrets the values by their configuration key (`config:` of a credential); values that are there stay
 * @throws InvalidError where the stack was made elsewhere and its passphrase is not here
 */
export async function ensureExampleStack(
  projectDir: string,
  stack: string,
  secrets: Record<string, string>,
  progress: InstallProgress,
): Promise<void> {
  const project = readProject(projectDir);
  if (project === undefined)
    throw new InvalidError({ what: "no project", why: `${projectDir} has no Pulumi.yaml.` });
  makeProjectFolders(project);
  requirePassphrase(project, stack);
  ensurePassphrase(project, stack);
  if (!isReady(project, stack)) {
    progress(`making the stack ${stack} and its passphrase`);
    await pulumi(project, stack, ["stack", "select", "--create", stack], progress);
  }
  const present = readStackFile(project, stack).config ?? {};
  for (const [key, value] of Object.entries(secrets)) {
    if (`${NAMESPACE}:${key}` in present) continue;
    progress(`setting the secret ${key} of stack ${stack}`);
    const command = ["config", "set", "--secret", "--raw", "--stack", stack, `${NAMESPACE}:${key}`];
    await pulumi(project, stack, command, progress, value);
  }
}

/** Whether the stack has a salt and a state, and some stack is selected: which one is the user's choice. */
function isReady(project: PulumiProject, stack: string): boolean {
  const state = stateDir(project);
  if (state === undefined || selectedStack(project) === undefined) return false;
  const checkpoint = join(state, ".pulumi", "stacks", project.name, `${stack}.json`);
  return existsSync(checkpoint) && readStackFile(project, stack).encryptionsalt !== undefined;
}

/** One call of the engine; `input` is what it reads on stdin, where a process list does not show it. */
export async function pulumi(
  project: PulumiProject,
  stack: string,
  command: string[],
  progress: InstallProgress,
  input = "",
): Promise<void> {
  const { pulumi } = await ensureEngine(progress);
  const { failed, stderr } = await runEngine({ pulumi, project, stack }, command, { input });
  if (!failed) return;
  const what = `the engine could not make the stack ${stack} ready`;
  throw new MusterError({ what, why: stderr.trim(), where: project.dir });
}
