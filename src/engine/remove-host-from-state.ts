import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { InvalidError, MusterError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files.ts";
import { subjectOf } from "../model/resource-id.ts";
import { nameInUrn } from "../model/urn.ts";
import { ensureEngine } from "./install-engine.ts";
import { currentStack, requirePassphrase } from "./passphrase.ts";
import type { InstallProgress } from "./progress.ts";
import { readProject } from "./project.ts";
import { type EngineStack, runEngine } from "./run-engine.ts";

/** A resource in a stack's state. */
export interface StateResource {
  readonly urn: string;
  /** The resource's Pulumi name, such as `east/iris/agent`. */
  readonly name: string;
}

/** Selects an entire host, or one agent on the host. */
export interface PartOfHost {
  readonly host: string;
  /** The name of the agent; absent for the entire host. */
  readonly agent?: string;
}

/** The resources of a host, or of one agent on the host, in a stack's state. */
export interface HostInState {
  readonly stack: string;
  readonly resources: readonly StateResource[];
  /**
   * Removes these resources from the state and changes nothing else.
   *
   * @returns the path of a backup of the previous state, relative to the project
   */
  drop(): Promise<string>;
}

/**
 * Finds the resources of a host, or of one agent on the host, in a stack's state.
 *
 * @param named the stack; undefined for the selected stack
 * @throws InvalidError if there is no such stack, or if its secrets cannot be read on this machine
 */
export async function hostInState(
  dir: string,
  named: string | undefined,
  part: PartOfHost,
  progress: InstallProgress,
): Promise<HostInState> {
  const project = readProject(dir);
  const stack = project && currentStack(project, named);
  if (project === undefined || stack === undefined) {
    const next = "Add `--stack NAME`; `npx pulumi stack ls` lists the stacks.";
    throw new InvalidError({ what: "the stack is not known", why: "no stack is named or selected.", next });
  }
  requirePassphrase(project, stack);
  const { pulumi } = await ensureEngine(progress);
  const of: EngineStack = { pulumi, project, stack };
  const state = await callEngine(of, ["stack", "export"]);
  const resources = resourcesOf(part, state);
  const drop = async () => {
    const backup = backUp(of, state);
    // One command removes all resources, so that the engine determines the order. `--force` also removes protected
    // resources, because protection applies only to runs.
    await callEngine(of, ["state", "delete", "--yes", "--force", ...resources.map(({ urn }) => urn)]);
    return backup;
  };
  return { stack, resources, drop };
}

function resourcesOf({ host, agent }: PartOfHost, state: string): StateResource[] {
  const { deployment } = JSON.parse(state) as {
    deployment: { resources?: { urn: string; type: string; inputs?: { host?: unknown } }[] } | null;
  };
  return (deployment?.resources ?? [])
    .map(({ urn, type, inputs }) => ({ urn, type, inputs, name: nameInUrn(urn) }))
    .filter(({ type, inputs, name }) => {
      // The vendor's `command` resources on a droplet can be recognized only by their name. The droplet
      // itself remains in the state.
      if (type.startsWith("command:")) return name.startsWith(`${host}/`);
      return type.startsWith("muster:") && inputs?.host === host;
    })
    .filter(({ name }) => agent === undefined || isOfAgent(name, agent))
    .map(({ urn, name }) => ({ urn, name }));
}

function isOfAgent(id: string, agent: string): boolean {
  const { kind, name } = subjectOf(id);
  return kind === "agent" && name === agent;
}

/**
 * Saves a copy of the state. Secrets in the copy are encrypted as in the state itself.
 *
 * @returns the path of the copy, relative to the project
 */
function backUp({ project, stack }: EngineStack, state: string): string {
  const folder = join(".muster", "backups");
  mkdirSync(join(project.dir, folder), { recursive: true, mode: 0o700 });
  const file = join(folder, `${stack}-${new Date().toISOString().replaceAll(":", "-")}.json`);
  writeFileAtomic(join(project.dir, file), state, 0o600);
  return file;
}

async function callEngine(of: EngineStack, command: readonly string[]): Promise<string> {
  const { failed, stdout, stderr } = await runEngine(of, [...command, "--stack", of.stack]);
  if (!failed) return stdout;
  throw new MusterError({
    what: `the state of stack ${of.stack} cannot be ${command[1] === "export" ? "read" : "changed"}`,
    why: stderr.trim(),
  });
}
