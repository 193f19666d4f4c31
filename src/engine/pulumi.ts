/** `pulumi`: the engine itself, with what is unset set for this project. Its output and exit code stay untouched. */
import { flushCompileCache } from "node:module";
import { resolve } from "node:path";
import { InvalidError, MusterError } from "../base/errors.ts";
import { projectDir } from "../base/paths.ts";
import { type EngineCall, isChange, isDestroy, isOperation, namedStack, readCall } from "./arguments.ts";
import { engineEnv } from "./environment.ts";
import { formerPackageError, namesFormerPackage } from "./former-package.ts";
import { ensureEngine } from "./install-engine.ts";
import { readProjectLaunch } from "./launch-hosts.ts";
import { currentStack, preparePassphrase, requirePassphrase } from "./passphrase.ts";
import { checkPassphrase } from "./passphrase-check.ts";
import { stderrProgress } from "./progress.ts";
import { makeProjectFolders, type PulumiProject, readProject, readStackFile } from "./project.ts";
import { quietHome } from "./quiet-home.ts";
import { refuseProtected } from "./refuse-protected.ts";
import { refuseLeaks } from "./refuse-secret-leaks.ts";
import { withCurrentTargets } from "./renamed-targets.ts";
import type { EngineStack } from "./run-engine.ts";
import { lendingKeys } from "./ssh-agent.ts";
import { stackConfig } from "./stack-config.ts";
import { reachState, readyState } from "./state/ready-state.ts";

async function main(given: string[]): Promise<void> {
  const call = readCall(given);
  const args = isOperation(call) ? withCurrentTargets(given) : given;
  const dir = projectDir(resolve(call.cwd ?? ""));
  const project = dir === undefined ? undefined : readProject(dir);
  const stack = project && currentStack(project, namedStack(call));
  if (project) await checkProject(project, stack, call);
  const { pulumi } = await ensureEngine(stderrProgress());
  const launch = await readProjectLaunch(project);
  if (project && stack && isOperation(call)) {
    if (refreshes({ pulumi, project, stack }, call, args)) {
      for (const check of launch.checks) await check(stackConfig({ pulumi, project, stack }));
    }
    await prepareState({ pulumi, project, stack }, call);
    if (isDestroy(call) && isChange(call)) await refuseProtected({ pulumi, project, stack }, args);
  }
  const env = await engineEnv(pulumi, project, stack, launch);
  if (isOperation(call) && call.verbosity === 0 && !process.env["PULUMI_HOME"])
    env["PULUMI_HOME"] = quietHome();
  // Our provider cannot tell a preview from an `up` in any other way.
  env["MUSTER_CHANGES"] = isChange(call) ? "1" : "";
  env["MUSTER_DESTROYS"] = isDestroy(call) ? "1" : "";
  // The engine's state folder is relative to the folder that it runs in.
  if (project && call.cwd === undefined) {
    process.chdir(project.dir);
    env["PWD"] = project.dir;
  }
  if (process.execve === undefined) {
    const why = "this Node cannot hand its process over to it.";
    const next = "Run `npm install` for the pinned one.";
    throw new MusterError({ what: "the engine was not started", why, next });
  }
  // Node writes its compile cache when it ends, and the engine is about to take this process over.
  flushCompileCache();
  const keys = isOperation(call) ? launch.privateKeys : [];
  const engine = lendingKeys({ file: pulumi, args: ["pulumi", ...args] }, keys, env);
  process.execve(engine.file, engine.args, env);
}

/** Whether a run asks the APIs of vendors: not that of a tenant's stack, nor one that leaves the refresh out. */
function refreshes({ project, stack }: EngineStack, call: EngineCall, args: readonly string[]): boolean {
  const config = readStackFile(project, stack).config ?? {};
  const isTenants = `${config["muster:slice"] ?? ""}`.startsWith("tenant:");
  const isLeftOut = args.includes("--refresh=false") || process.env["PULUMI_OPTION_REFRESH"] === "false";
  return !isTenants && !isLeftOut && call.words[0] !== "cancel";
}

/** Refuses what can be refused before the engine is installed. */
async function checkProject(
  project: PulumiProject,
  stack: string | undefined,
  call: EngineCall,
): Promise<void> {
  if (isOperation(call) && namesFormerPackage(project.dir)) throw formerPackageError();
  refuseLeaks(call, project.backend);
  makeProjectFolders(project);
  if (stack === undefined) return;
  const told = preparePassphrase(project, stack, call);
  if (told !== undefined) tell(told);
  if (!isOperation(call)) return;
  requirePassphrase(project, stack);
  await checkPassphrase(project, stack);
}

async function prepareState(of: EngineStack, call: EngineCall): Promise<void> {
  if (!isChange(call)) return reachState(of);
  await readyState(of, tell);
}

function tell(line: string): void {
  process.stderr.write(`muster: ${line}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // What the system refused (EACCES, ENOSPC, …) names its file; anything else is a fault of ours.
  if (!(error instanceof MusterError || (error instanceof Error && "code" in error))) throw error;
  process.stderr.write(`pulumi: ${error.message}\n`);
  process.exitCode = error instanceof InvalidError ? 2 : 1;
}
