import { execa } from "execa";
import { MusterError } from "../../../../base/errors.ts";
import type { ProgressLine } from "../call-helper.ts";
import { aptInstall, missingPackages } from "../requirements.ts";

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
