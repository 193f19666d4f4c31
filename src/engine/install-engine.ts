import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { MusterError } from "../base/errors.ts";
import { withProcessLock } from "../base/process-lock.ts";
import { build } from "./compile-engine.ts";
import { canDownload, download } from "./download-engine.ts";
import { ENGINE_VERSION } from "./engine-version.ts";
import { type Engine, findEngine, findInCache, holdsEngine, versionOf } from "./find-engine.ts";
import { CLI, engineDir, launcherDir } from "./paths.ts";
import type { InstallProgress } from "./progress.ts";

/**
 * Returns the engine from PATH or the cache. If neither has an engine, downloads an engine, or builds one if the
 * download is not possible. If several processes call this function at the same time, one process installs the engine
 * and the others wait. An installation first removes the files of killed installations.
 *
 * @throws MusterError if the engine can be neither downloaded nor built; the error says what to install
 */
export async function ensureEngine(progress: InstallProgress): Promise<Engine> {
  const engine =
    (await findEngine()) ?? (await withProcessLock(lockFile(), reportWaiting, () => install(progress)));
  linkForLauncher();
  return engine;

  function reportWaiting(pid: number): void {
    progress(`waiting for process ${pid}, which is installing the Pulumi engine`);
  }
}

/** Installs the engine into a staging folder, checks the engine, and then moves it to its final folder. */
async function install(progress: InstallProgress): Promise<Engine> {
  const installedMeanwhile = findInCache();
  if (installedMeanwhile !== undefined) return installedMeanwhile;
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

/**
 * Removes the staging folders of killed runs. The caller holds the lock, so no process is using the folders.
 */
function removeLeftovers(): void {
  mkdirSync(dirname(engineDir()), { recursive: true });
  for (const name of readdirSync(dirname(engineDir()))) {
    if (name.startsWith(STAGING)) rmSync(join(dirname(engineDir()), name), { recursive: true, force: true });
  }
}

async function check(dir: string): Promise<void> {
  const version = holdsEngine(dir) ? await versionOf(join(dir, "bin", CLI)) : undefined;
  if (version === ENGINE_VERSION) return;
  const why = version === undefined ? "it does not run on this machine." : `it reports version ${version}.`;
  throw new MusterError({ what: `the new Pulumi engine is not version ${ENGINE_VERSION}`, why });
}

/**
 * Creates a link in the launcher's cache that leads to the engine. Replaces an existing link, but not an existing
 * folder, because a folder was created by the vendor's launcher.
 */
function linkForLauncher(): void {
  if (!holdsEngine(engineDir()) || holdsEngine(launcherDir())) return;
  const there = lstatSync(launcherDir(), { throwIfNoEntry: false });
  if (there !== undefined && !there.isSymbolicLink()) return;
  mkdirSync(dirname(launcherDir()), { recursive: true });
  const link = `${launcherDir()}.${process.pid}`;
  symlinkSync(engineDir(), link);
  renameSync(link, launcherDir());
}
