import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { ENGINE_VERSION } from "./engine-version.ts";
import { type InstallProgress, withProgress } from "./progress.ts";

/** The vendor's install script, which the npm package `pulumi` (lib/download.js) downloads first. */
const VENDOR_SITE = "https://get.pulumi.com/install.sh";

/** The number of milliseconds without a response after which the vendor's site counts as unreachable. */
const PROBE_TIMEOUT = 5000;

/** Whether the vendor's site is reachable. If MUSTER_OFFLINE is set, returns false without a request. */
export async function canDownload(site: string = VENDOR_SITE): Promise<boolean> {
  if (process.env["MUSTER_OFFLINE"]) return false;
  try {
    return (await fetch(site, { method: "HEAD", signal: AbortSignal.timeout(PROBE_TIMEOUT) })).ok;
  } catch {
    return false;
  }
}

/**
 * Downloads the vendor's engine into `staging`, by running the npm package `pulumi` outside any project
 * folder.
 *
 * @returns the folder with the engine; undefined if the download failed; the failure is reported to `progress`
 */
export async function download(staging: string, progress: InstallProgress): Promise<string | undefined> {
  const launch = execa(
    "npm",
    ["exec", "--yes", `--package=pulumi@${ENGINE_VERSION}`, "--", "pulumi", "version"],
    { cwd: tmpdir(), env: { PULUMI_HOME: staging }, stdin: "ignore", reject: false },
  );
  const result = await withProgress(progress, "downloading the Pulumi engine", "about 150 MB", launch);
  if (!result.failed) return join(staging, "versions", ENGINE_VERSION);
  progress(`the download of the Pulumi engine failed: ${lastLine(result.stderr)}`);
  return undefined;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
