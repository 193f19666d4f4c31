import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { MusterError } from "../base/errors.ts";
import { withProcessLock } from "../base/process-lock.ts";
import { build } from "./build-engine.ts";
import { canDownload, download } from "./download-plugins.ts";
import { ENGINE_VERSION } from "./engine-version.ts";
import { type Engine, findEngine, findInCache, holdsEngine, versionOf } from "./find-engine.ts";
import { CLI, engineDir, launcherDir } from "./paths.ts";
import type { InstallProgress } from "./progress.ts";

/**
 * The engine: found on PATH or in the cache, else downloaded, else built. Nothing is done where one is found.
 * Of several that run at once one does the work and the others wait; a killed one leaves nothing in the way.
 *
 * @throws MusterError where the engine is not to be had, with what to install
 */
export async function ensureEngine(progress: InstallProgress): Promise<Engine> {
  const engine =
    (await findEngine()) ?? (await withProcessLock(lockFile(), tellWaiting, () => install(progress)));
  linkForLauncher();
  return engine;

  function tellWaiting(pid: number): void {
    progress(`waiting for process ${pid}, which is getting the Pulumi engine`);
  }
}

/** Gets the engine into a folder of its own first; only a checked one is renamed to its place. */
async function install(progress: InstallProgress): Promise<Engine> {
  const madeMeanwhile = findInCache();
  if (madeMeanwhile !== undefined) return madeMeanwhile;
  removeLeftovers();
  const staging = join(dirname(engineDir()), `${STAGING}${process.pid}`);
  mkdirSync(staging, { recursive: true });
  const downloaded = (await canDownload()) ? await download(staging, progress) : undefined;
  const dir = downloaded ?? (await build(staging, progress));
  await check(dir);
  rmSync(engineDir(), { recursive: true, force: true });
  renameSync(dir, engineDir());
  rmSync(staging, { recursive: true, force: true });
  progress(`the Pulumi engine ${ENGINE_VERSION} is ready`);
  return {
    pulumi: join(engineDir(), "bin", CLI),
    version: ENGINE_VERSION,
    how: downloaded ? "download" : "built",
  };
}

const STAGING = ".staging-";

function lockFile(): string {
  return join(dirname(engineDir()), "lock");
}

/** Under the lock, a staging folder that is there is a killed run's. */
function removeLeftovers(): void {
  mkdirSync(dirname(engineDir()), { recursive: true });
  for (const name of readdirSync(dirname(engineDir()))) {
    if (name.startsWith(STAGING)) rmSync(join(dirname(engineDir()), name), { recursive: true, force: true });
  }
}

async function check(dir: string): Promise<void> {
  const version = holdsEngine(dir) ? await versionOf(join(dir, "bin", CLI)) : undefined;
  if (version === ENGINE_VERSION) return;
  const why =
    version === undefined ? "it does not run on this machine." : `it says that it is version ${version}.`;
  throw new MusterError({ what: `the new Pulumi engine is not the ${ENGINE_VERSION} it should be`, why });
}

/** Replaces only a link: a folder in that place is the vendor's own. */
function linkForLauncher(): void {
  if (!holdsEngine(engineDir()) || holdsEngine(launcherDir())) return;
  const there = lstatSync(launcherDir(), { throwIfNoEntry: false });
  if (there !== undefined && !there.isSymbolicLink()) return;
  mkdirSync(dirname(launcherDir()), { recursive: true });
  const link = `${launcherDir()}.${process.pid}`;
  symlinkSync(engineDir(), link);
  renameSync(link, launcherDir());
}
