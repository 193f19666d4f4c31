import { existsSync } from "node:fs";
import { sep } from "node:path";
import type { Check } from "../base/doctor-check.ts";
import { MusterError } from "../base/errors.ts";
import { projectDir } from "../base/muster-folders.ts";
import { atLeast, usable } from "./engine-version.ts";
import { unsetVariables } from "./environment.ts";
import { findEngine, foreignClis, versionOf } from "./find-engine.ts";
import { usableGo } from "./go-toolchain.ts";
import { currentStack, passphraseFile, passphraseIsSet, requirePassphrase } from "./passphrase.ts";
import { checkPassphrase } from "./passphrase-check.ts";
import { openToOthers, type PulumiProject, readProject, stateDir, withoutPassword } from "./project.ts";
import { locksOf } from "./state/ready-state.ts";
import { lockOwner, type StackLock, takenAt } from "./state/stack-lock.ts";

/** The oldest Node version that runs TypeScript without a loader. */
const OLDEST_NODE = "22.18";

/**
 * Runs the checks of `fleet doctor` for Node, the engine and the project's stack. Changes nothing. The only remote
 * system that it contacts is a shared state.
 */
export async function engineChecks(): Promise<Check[]> {
  const dir = projectDir();
  const project = dir === undefined ? undefined : readProject(dir);
  const stack = project && currentStack(project, undefined);
  return [
    nodeCheck(),
    ...(await engineCheck()),
    ...(project ? [...stateFolderCheck(project), ...foreignCheck(project, stack)] : []),
    ...(project && stack
      ? [...(await passphraseCheck(project, stack)), ...(await stateChecks(project, stack))]
      : []),
  ];
}

function nodeCheck(): Check {
  const name = "node";
  const version = process.versions.node;
  if (!atLeast(version, OLDEST_NODE)) {
    return { name, ok: false, detail: `${version} is older than ${OLDEST_NODE}`, fix: "npm install" };
  }
  const pinned = process.execPath.includes(`${sep}node_modules${sep}`);
  if (pinned) return { name, ok: true, detail: `${version}, pinned by npm` };
  return { name, ok: "warn", detail: `${version} from PATH, not the one pinned by npm`, fix: "npm install" };
}

async function engineCheck(): Promise<Check[]> {
  const name = "engine";
  const engine = await findEngine();
  const fix = "npx pulumi version";
  if (engine === undefined) {
    return [
      { name, ok: "warn", detail: "not installed yet: the first run installs it", fix },
      await goCheck(),
    ];
  }
  const version = await versionOf(engine.pulumi);
  if (version !== undefined && usable(version)) {
    return [{ name, ok: true, detail: `${version}, ${engine.pulumi}` }];
  }
  const detail = `${engine.pulumi} ${version === undefined ? "does not run" : `is version ${version}`}`;
  return [{ name, ok: false, detail, fix: "npx fleet clean && npx pulumi version" }];
}

/** Checks for Go, which is needed only if no engine is installed and the vendor's site is unreachable. */
async function goCheck(): Promise<Check> {
  const name = "go";
  try {
    return { name, ok: true, detail: `${await usableGo()} can build the engine` };
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    const detail = `${error.why} Go is needed only if the vendor's site cannot be reached.`;
    return { name, ok: "warn", detail, ...(error.next && { fix: error.next }) };
  }
}

function stateFolderCheck(project: PulumiProject): Check[] {
  const dir = stateDir(project);
  if (dir === undefined || !existsSync(dir)) return [];
  const name = "state folder";
  if (!openToOthers(dir)) return [{ name, ok: true, detail: `${dir} is closed to other users` }];
  return [{ name, ok: false, detail: `${dir} is open to other users`, fix: `chmod 700 ${dir}` }];
}

/**
 * Warns if the `pulumi` on PATH is not Muster's. Such a `pulumi` does not set the variables that Muster's `pulumi`
 * sets.
 */
function foreignCheck(project: PulumiProject, stack: string | undefined): Check[] {
  const foreign = foreignClis()[0];
  const unset = unsetVariables(project, stack);
  if (foreign === undefined || unset.length === 0) return [];
  const detail = `\`pulumi\` is ${foreign}; if you run it directly, it lacks ${unset.join(" ")}`;
  return [{ name: "pulumi on PATH", ok: "warn", detail, fix: "use `npx pulumi`, or export these variables" }];
}

async function passphraseCheck(project: PulumiProject, stack: string): Promise<Check[]> {
  const name = "passphrase";
  const file = passphraseFile(project, stack);
  try {
    requirePassphrase(project, stack);
    await checkPassphrase(project, stack);
  } catch (error) {
    return [faultOf(name, error)];
  }
  if (passphraseIsSet()) return [{ name, ok: true, detail: "set in the environment" }];
  if (!existsSync(file)) return [];
  if (!openToOthers(file)) return [{ name, ok: true, detail: file }];
  return [{ name, ok: false, detail: `${file} is open to other users`, fix: `chmod 600 ${file}` }];
}

/** Checks whether the state is reachable, and lists its locks. */
async function stateChecks(project: PulumiProject, stack: string): Promise<Check[]> {
  const name = "state";
  const backend = withoutPassword(project.backend) || "the state that `pulumi login` selected";
  const engine = await findEngine();
  const isChecked = engine !== undefined || stateDir(project) !== undefined;
  try {
    const locks = isChecked ? await locksOf({ pulumi: engine?.pulumi ?? "", project, stack }) : undefined;
    if (locks === undefined) return [{ name, ok: true, detail: `${backend}, not checked` }];
    return [
      { name, ok: true, detail: `${backend} is reachable` },
      ...locks.map((lock) => lockCheck(stack, lock)),
    ];
  } catch (error) {
    return [faultOf(name, error)];
  }
}

function lockCheck(stack: string, lock: StackLock): Check {
  const held = `stack ${stack} has been locked since ${takenAt(lock)} by ${lockOwner(lock)}`;
  const { seen, fix } = {
    dead: { seen: "that process was killed", fix: "npx pulumi up" },
    alive: { seen: "that process is running", fix: "wait for it to end" },
    unseen: { seen: "that process cannot be seen from here", fix: `npx fleet unlock --stack ${stack}` },
  }[lock.holder];
  return { name: "stack lock", ok: "warn", detail: `${held}; ${seen}`, fix };
}

function faultOf(name: string, error: unknown): Check {
  if (!(error instanceof MusterError)) throw error;
  return { name, ok: false, detail: `${error.what}: ${error.why}`, ...(error.next && { fix: error.next }) };
}
