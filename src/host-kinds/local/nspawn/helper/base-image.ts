import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { MusterError } from "../../../../base/errors.ts";
import type { ProgressLine } from "../call-helper.ts";
import type { NodeProgram } from "../helper-protocol.ts";
import { allHosts } from "../host-file.ts";
import { baseName } from "../image-recipe.ts";
import { aptInstall, isPrepared, missingPackages } from "../requirements.ts";
import { debianMirror } from "./debian-mirror.ts";
import { debootstrap } from "./debootstrap.ts";
import { withHelperLock } from "./helper-lock.ts";
import { provision } from "./provision-base-image.ts";

/**
 * Creates the Debian base that all local hosts share. Also installs the packages that this machine needs to
 * boot local hosts. Does nothing if the base and the packages exist already.
 *
 * @param local the absolute path of `<cache>/local`
 * @returns the name of the base's folder in `local`
 */
export async function ensureBase(local: string, node: NodeProgram, progress: ProgressLine): Promise<string> {
  const name = baseName(node.version);
  if (isPrepared(local, node)) return name;
  const waiting = (pid: number) => progress(`waiting for process ${pid}, which is creating the Debian base`);
  return withHelperLock(
    "base",
    async () => {
      removeUnused(local, name);
      await installMissing(progress);
      if (!existsSync(join(local, name))) await build(join(local, name), node, progress);
      return name;
    },
    waiting,
  );
}

/** Removes unused bases. The caller holds the lock, so every incomplete base is from a killed run. */
function removeUnused(local: string, name: string): void {
  const used = new Set([name, ...[...allHosts(local).values()].map((host) => host.base)]);
  for (const folder of readdirSync(local)) {
    const unused = folder.startsWith("base-") && !used.has(folder);
    if (unused) rmSync(join(local, folder), { recursive: true, force: true });
  }
}

async function build(target: string, node: NodeProgram, progress: ProgressLine): Promise<void> {
  const unfinished = `${target}.unfinished`;
  const mirror = await debianMirror();
  await withElapsed("creating the Debian base for local hosts", progress, () =>
    debootstrap(unfinished, mirror),
  );
  provision(unfinished, node, mirror);
  renameSync(unfinished, target);
}

async function withElapsed<T>(text: string, progress: ProgressLine, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const report = () => progress(`${text}: ${Math.round((Date.now() - started) / 1000)} s`);
  progress(`${text} (about 1 minute)`);
  const timer = setInterval(report, 10_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    report();
  }
}

/** Installs the Debian packages that local hosts need and that are missing on this machine. */
export async function installMissing(progress: ProgressLine): Promise<void> {
  const missing = missingPackages();
  if (missing.length === 0) return;
  progress(`installing on this machine: ${missing.join(", ")}`);
  const updated = await aptGet(["update"]);
  const installed = await aptGet(["install", "--yes", "--no-install-recommends", ...missing]);
  if (missingPackages().length === 0) return;
  throw new MusterError({
    what: "this machine lacks programs that local hosts need",
    why: `apt-get could not install ${missing.join(", ")}: ${(installed || updated).trimEnd().split("\n").at(-1)}`,
    next: `Run \`${aptInstall(missing)}\`.`,
  });
}

/** Runs apt-get. @returns its error output */
async function aptGet(args: readonly string[]): Promise<string> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const waitForOthers = ["-o", "DPkg::Lock::Timeout=300"];
  const result = await execa("apt-get", [...waitForOthers, "-qq", ...args], { env, reject: false });
  return result.stderr || result.message || "";
}
