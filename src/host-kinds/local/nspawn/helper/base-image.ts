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
import { provision } from "./provision.ts";

/**
 * Makes the Debian that all local hosts share and installs what this machine lacks to boot them, unless all is
 * there.
 *
 * @param local `<cache>/local`
 * @returns the base's folder name in it
 */
export async function ensureBase(local: string, node: NodeProgram, progress: ProgressLine): Promise<string> {
  const name = baseName(node.version);
  if (isPrepared(local, node)) return name;
  const waiting = (pid: number) => progress(`waiting for process ${pid}, which makes the Debian base`);
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

/** Under the lock every unfinished base is a killed run's; a finished one stays as long as a host stands on it. */
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
  await withElapsed("making the Debian base for local hosts", progress, () =>
    debootstrap(unfinished, mirror),
  );
  provision(unfinished, node, mirror);
  renameSync(unfinished, target);
}

async function withElapsed<T>(text: string, progress: ProgressLine, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const tell = () => progress(`${text}: ${Math.round((Date.now() - started) / 1000)} s`);
  progress(`${text} (about 1 minute)`);
  const timer = setInterval(tell, 10_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    tell();
  }
}

/** Installs what the machine itself lacks to boot local hosts; nothing is done where nothing is missing. */
export async function installMissing(progress: ProgressLine): Promise<void> {
  const missing = missingPackages();
  if (missing.length === 0) return;
  progress(`installing on this machine: ${missing.join(", ")}`);
  const updated = await aptGet(["update"]);
  const installed = await aptGet(["install", "--yes", "--no-install-recommends", ...missing]);
  if (missingPackages().length === 0) return;
  throw new MusterError({
    what: "local hosts lack programs on this machine",
    why: `apt-get could not install ${missing.join(", ")}: ${(installed || updated).trimEnd().split("\n").at(-1)}`,
    next: `Run \`${aptInstall(missing)}\`.`,
  });
}

/** @returns what it said on stderr */
async function aptGet(args: readonly string[]): Promise<string> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const waitForOthers = ["-o", "DPkg::Lock::Timeout=300"];
  const result = await execa("apt-get", [...waitForOthers, "-qq", ...args], { env, reject: false });
  return result.stderr || result.message || "";
}
