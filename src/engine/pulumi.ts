/** `pulumi`: runs the engine with defaults for this project. Returns the engine's output and exit code unchanged. */
import { randomBytes } from "node:crypto";
import { flushCompileCache } from "node:module";
import { resolve } from "node:path";
import { InvalidError, MusterError } from "../base/errors.ts";
import { projectDir } from "../base/muster-folders.ts";
import {
  type EngineCall,
  isChange,
  isDestroy,
  isOperation,
  namedStack,
  readCall,
  runsProgram,
  withoutRefresh,
} from "./arguments.ts";
import { checkLock } from "./check-fleet-lock.ts";
import { engineEnv } from "./environment.ts";
import { formerPackageError, namesFormerPackage } from "./former-package.ts";
import { quietHome } from "./home-without-log.ts";
import { ensureEngine } from "./install-engine.ts";
import { currentStack, preparePassphrase, requirePassphrase } from "./passphrase.ts";
import { checkPassphrase } from "./passphrase-check.ts";
import { stderrProgress } from "./progress.ts";
import { makeProjectFolders, type PulumiProject, readProject, readStackFile } from "./project.ts";
import { refuseForeign } from "./refuse-foreign-resources.ts";
import { refuseProtected } from "./refuse-protected.ts";
import { refuseLeaks } from "./refuse-secret-leaks.ts";
import { withCurrentTargets } from "./renamed-targets.ts";
import type { EngineStack } from "./run-engine.ts";
import { withSshAgent } from "./ssh-agent.ts";
import { stackConfig } from "./stack-config.ts";
import { type ProjectLaunch, readProjectLaunch } from "./start-requirements.ts";
import { checkState, readyState } from "./state/ready-state.ts";
import type { StateRead } from "./state/state-store.ts";
import { prepareVendors } from "./vendor-resources.ts";

async function main(given: string[]): Promise<void> {
  const call = readCall(given);
  const args = isOperation(call) ? withCurrentTargets(given) : given;
  const dir = projectDir(resolve(call.cwd ?? ""));
  const project = dir === undefined ? undefined : readProject(dir);
  const stack = project && currentStack(project, namedStack(call));
  if (project) await checkProject(project, stack, call);
  if (project && runsProgram(call)) await checkLock(project.dir);
  const { pulumi } = await ensureEngine(stderrProgress());
  const launch = await readProjectLaunch(project);
  if (project && stack && isOperation(call)) {
    if (refreshes({ pulumi, project, stack }, call, args)) {
      for (const check of launch.checks) await check(stackConfig({ pulumi, project, stack }));
    }
    const state = await prepareState({ pulumi, project, stack }, call);
    if (runsProgram(call) && project.isMusterProgram && state?.hasComponent !== false)
      await refuseForeign({ pulumi, project, stack }, launch.tokens);
    if (isDestroy(call) && isChange(call)) await refuseProtected({ pulumi, project, stack }, args);
  }
  const env = await engineEnv(pulumi, project, stack, launch);
  if (isOperation(call) && call.verbosity === 0 && !process.env["PULUMI_HOME"])
    env["PULUMI_HOME"] = quietHome();
  const vendors = await vendorEnv(pulumi, project, stack, { call, args, launch, home: env["PULUMI_HOME"] });
  Object.assign(env, vendors);
  // Only these variables let the provider distinguish a preview from an `up`.
  env["MUSTER_CHANGES"] = isChange(call) ? "1" : "";
  if (isChange(call)) env["MUSTER_RUN_KEY"] = randomBytes(32).toString("hex");
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
  // Node writes its compile cache on exit. This process does not exit, because the engine replaces it.
  flushCompileCache();
  const keys = isOperation(call) ? launch.privateKeys : [];
  const engineArgs = "PULUMI_OPTION_REFRESH" in vendors ? withoutRefresh(args) : args;
  const engine = withSshAgent({ file: pulumi, args: ["pulumi", ...engineArgs] }, keys, env);
  process.execve(engine.file, engine.args, env);
}

interface VendorOptions {
  readonly call: EngineCall;
  readonly args: readonly string[];
  readonly launch: ProjectLaunch;
  readonly home: string | undefined;
}

/** Prepares the run for the vendors' resources. @returns further environment variables for the engine */
async function vendorEnv(
  pulumi: string,
  project: PulumiProject | undefined,
  stack: string | undefined,
  { call, args, launch, home = "" }: VendorOptions,
): Promise<Record<string, string>> {
  if (project === undefined || stack === undefined || !isOperation(call)) return {};
  const of = { pulumi, project, stack };
  if (isForTenant(of) || call.words[0] === "cancel") return {};
  return prepareVendors(of, call, launch, { reads: refreshes(of, call, args), home, report });
}

/** Whether a run calls vendors' APIs. The runs of a tenant's stack and runs without a refresh do not call them. */
function refreshes(of: EngineStack, call: EngineCall, args: readonly string[]): boolean {
  const isDisabled = args.includes("--refresh=false") || process.env["PULUMI_OPTION_REFRESH"] === "false";
  return !isForTenant(of) && !isDisabled && call.words[0] !== "cancel";
}

function isForTenant({ project, stack }: EngineStack): boolean {
  const config = readStackFile(project, stack).config ?? {};
  return `${config["muster:slice"] ?? ""}`.startsWith("tenant:");
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

function prepareState(of: EngineStack, call: EngineCall): Promise<StateRead | undefined> {
  return isChange(call) ? readyState(of, report) : checkState(of);
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
