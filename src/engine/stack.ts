import { existsSync } from "node:fs";
import { join } from "node:path";
import { InvalidError, MusterError } from "../base/errors.ts";
import { ensureEngine } from "./install-engine.ts";
import { currentStack, ensurePassphrase, requirePassphrase } from "./passphrase.ts";
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

/** The namespace of Muster's configuration keys, which is the provider's name. */
const NAMESPACE = "muster";

/**
 * Creates the missing parts of a stack: its passphrase, the stack itself, and its plain-text settings. Does not change
 * which stack is selected.
 *
 * @param settings the values by their name without `muster:`; existing values are kept
 * @returns whether anything was created
 * @throws InvalidError if the stack was created elsewhere and its passphrase is not on this machine
 */
export async function ensureStack(
  projectDir: string,
  stack: string,
  settings: Readonly<Record<string, string>>,
  progress: InstallProgress,
): Promise<boolean> {
  const project = openProject(projectDir, stack);
  const isNew = !hasState(project, stack);
  if (isNew) await makeStack(project, stack, ["init", "--no-select"], progress).catch(ignoreExisting);
  const missing = missingOf(project, stack, settings);
  if (missing.length > 0) {
    const values = missing.flatMap(([name, value]) => ["--plaintext", `${NAMESPACE}:${name}=${value}`]);
    await pulumi(project, stack, ["config", "set-all", "--stack", stack, ...values], progress);
  }
  return isNew || missing.length > 0;
}

/**
 * Creates the missing parts of an example's stack: its passphrase, the stack itself, and its secrets. Selects the stack
 * if no stack is selected. Does not call the engine if everything exists.
 *
 * @param secrets the values by their configuration key (`config:` of a credential); existing values are kept
 * @throws InvalidError if the stack was created elsewhere and its passphrase is not on this machine
 */
export async function ensureExampleStack(
  projectDir: string,
  stack: string,
  secrets: Readonly<Record<string, string>>,
  progress: InstallProgress,
): Promise<void> {
  const project = openProject(projectDir, stack);
  const isReady =
    hasState(project, stack) &&
    selectedStack(project) !== undefined &&
    readStackFile(project, stack).encryptionsalt !== undefined;
  if (!isReady) await makeStack(project, stack, ["select", "--create"], progress);
  for (const [key, value] of missingOf(project, stack, secrets)) {
    progress(`setting the secret ${key} of stack ${stack}`);
    const command = ["config", "set", "--secret", "--raw", "--stack", stack, `${NAMESPACE}:${key}`];
    await pulumi(project, stack, command, progress, value);
  }
}

/**
 * Returns the names of the project in a folder and of the stack that a command in this folder uses.
 *
 * @param named the stack that the command line names
 * @throws InvalidError if there is no project, or no stack is selected
 */
export function stackInUse(folder: string, named?: string): { project: string; stack: string } {
  const project = readProject(folder);
  const stack = project && currentStack(project, named);
  if (project !== undefined && stack !== undefined) return { project: project.name, stack };
  throw new InvalidError({
    what: "no stack is selected",
    why: project === undefined ? "there is no Pulumi.yaml." : "this project has no stack, or more than one.",
    next: "Select a stack with `npx pulumi stack select NAME`.",
  });
}

function openProject(projectDir: string, stack: string): PulumiProject {
  const project = readProject(projectDir);
  if (project === undefined)
    throw new InvalidError({ what: "no project was found", why: `${projectDir} has no Pulumi.yaml.` });
  makeProjectFolders(project);
  requirePassphrase(project, stack);
  ensurePassphrase(project, stack);
  return project;
}

/**
 * Whether the project's state folder contains the stack. False if the state is outside the project, because only the
 * engine can then read the state.
 */
function hasState(project: PulumiProject, stack: string): boolean {
  const state = stateDir(project);
  return state !== undefined && existsSync(join(state, ".pulumi", "stacks", project.name, `${stack}.json`));
}

function missingOf(project: PulumiProject, stack: string, values: Readonly<Record<string, string>>) {
  const present = readStackFile(project, stack).config ?? {};
  return Object.entries(values).filter(([name]) => !(`${NAMESPACE}:${name}` in present));
}

function makeStack(
  project: PulumiProject,
  stack: string,
  how: readonly string[],
  progress: InstallProgress,
): Promise<void> {
  progress(`creating the stack ${stack} and its passphrase`);
  return pulumi(project, stack, ["stack", ...how, stack], progress);
}

function ignoreExisting(error: MusterError): void {
  if (!/already exists/.test(error.why)) throw error;
}

/** Runs the engine with `input` as its stdin, which process lists do not show. */
async function pulumi(
  project: PulumiProject,
  stack: string,
  command: readonly string[],
  progress: InstallProgress,
  input = "",
): Promise<void> {
  const { pulumi } = await ensureEngine(progress);
  const { failed, stderr } = await runEngine({ pulumi, project, stack }, command, { input });
  if (!failed) return;
  const what = `the engine could not set up the stack ${stack}`;
  throw new MusterError({ what, why: stderr.trim(), where: project.dir });
}
