/**
 * `pulumi`: runs the engine with defaults for this project. Passes on the engine's output and exit code
 * unchanged.
 */
import { flushCompileCache } from "node:module";
import { resolve } from "node:path";
import { InvalidError, MusterError } from "../base/errors.ts";
import { projectDir } from "../base/muster-folders.ts";
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
import { withSshAgent } from "./ssh-agent.ts";
import { stackConfig } from "./stack-config.ts";
import { checkState, readyState } from "./state/ready-state.ts";

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
  // The provider has no other way to distinguish a preview from an `up`.
  env["MUSTER_CHANGES"] = isChange(call) ? "1" : "";
  env["MUSTER_DESTROYS"] = isDestroy(call) ? "1" : "";
  // The path of the state folder is relative to the engine's working directory.
  if (project && call.cwd === undefined) {
    process.chdir(project.dir);
    env["PWD"] = project.dir;
  }
  if (process.execve === undefined) {
    const why = "this version of Node.js cannot replace its process with the engine.";
    const next = "Run `npm install` to get the pinned version.";
    throw new MusterError({ what: "the engine was not started", why, next });
  }
  // Node writes its compile cache on exit, but the engine is about to replace this process.
  flushCompileCache();
  const keys = isOperation(call) ? launch.privateKeys : [];
  const engine = withSshAgent({ file: pulumi, args: ["pulumi", ...args] }, keys, env);
  process.execve(engine.file, engine.args, env);
}

/** Whether a run calls vendors' APIs. The runs of a tenant's stack and runs without a refresh do not. */
function refreshes({ project, stack }: EngineStack, call: EngineCall, args: readonly string[]): boolean {
  const config = readStackFile(project, stack).config ?? {};
  const isForTenant = `${config["muster:slice"] ?? ""}`.startsWith("tenant:");
  const isDisabled = args.includes("--refresh=false") || process.env["PULUMI_OPTION_REFRESH"] === "false";
  return !isForTenant && !isDisabled && call.words[0] !== "cancel";
}

/** Runs the checks that do not need the engine. */
async function checkProject(
  project: PulumiProject,
  stack: string | undefined,
  call: EngineCall,
): Promise<void> {
  if (isOperation(call) && namesFormerPackage(project.dir)) throw formerPackageError();
  refuseLeaks(call, project.backend);
  makeProjectFolders(project);
  if (stack === undefined) return;
  const notice = preparePassphrase(project, stack, call);
  if (notice !== undefined) report(notice);
  if (!isOperation(call)) return;
  requirePassphrase(project, stack);
  await checkPassphrase(project, stack);
}

async function prepareState(of: EngineStack, call: EngineCall): Promise<void> {
  if (!isChange(call)) return checkState(of);
  await readyState(of, report);
}

function report(line: string): void {
  process.stderr.write(`muster: ${line}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // The message of a system error (EACCES, ENOSPC, …) names the file. Any other error is a bug in Muster.
  if (!(error instanceof MusterError || (error instanceof Error && "code" in error))) throw error;
  process.stderr.write(`pulumi: ${error.message}\n`);
  process.exitCode = error instanceof InvalidError ? 2 : 1;
}
