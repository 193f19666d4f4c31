/** `pulumi`: the engine itself, with what is unset set for this project. Its output and exit code stay untouched. */
import { flushCompileCache } from "node:module";
import { resolve } from "node:path";
import { InvalidError, MusterError } from "../base/errors.ts";
import { projectDir } from "../base/paths.ts";
import { type EngineCall, isChange, isDestroy, isOperation, namedStack, readCall } from "./arguments.ts";
import { requireDigitalOcean } from "./digitalocean.ts";
import { engineEnv } from "./environment.ts";
import { formerPackageError, namesFormerPackage } from "./former-package.ts";
import { preparePassphrase } from "./init-passphrase.ts";
import { ensureEngine } from "./install-engine.ts";
import { currentStack, requirePassphrase } from "./passphrase.ts";
import { checkPassphrase } from "./passphrase-check.ts";
import { stderrProgress } from "./progress.ts";
import { makeProjectFolders, type PulumiProject, readProject } from "./project.ts";
import { quietHome } from "./quiet-home.ts";
import { refuseProtected } from "./refuse-protected.ts";
import { refuseLeaks } from "./refuse-secret-leaks.ts";
import { withCurrentTargets } from "./renamed-targets.ts";
import type { EngineStack } from "./run-engine.ts";
import { keysOfDroplets, lendingKeys } from "./ssh-agent.ts";
import { reachState, readyState } from "./state/ready-state.ts";

async function main(given: string[]): Promise<void> {
  const call = readCall(given);
  const args = isOperation(call) ? withCurrentTargets(given) : given;
  const dir = projectDir(resolve(call.cwd ?? ""));
  const project = dir === undefined ? undefined : readProject(dir);
  const stack = project && currentStack(project, namedStack(call));
  if (project) await checkProject(project, stack, call);
  const { pulumi } = await ensureEngine(stderrProgress());
  if (project && stack && isOperation(call)) {
    await requireDigitalOcean({ pulumi, project, stack }, call, args);
    await prepareState({ pulumi, project, stack }, call);
    if (isDestroy(call) && isChange(call)) await refuseProtected({ pulumi, project, stack }, args);
  }
  const env = engineEnv(pulumi, project, stack);
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
  const keys = project && isOperation(call) ? keysOfDroplets(project) : [];
  const engine = lendingKeys({ file: pulumi, args: ["pulumi", ...args] }, keys, env);
  process.execve(engine.file, engine.args, env);
}

/** What can be refused before the engine is there. */
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
