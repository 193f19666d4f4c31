import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { MusterError } from "../../../base/errors.ts";
import { packageRoot } from "../../../base/muster-folders.ts";
import type { HelperAnswers, HelperCommand, HelperRequest, HelperResult } from "./helper-protocol.ts";

export type ProgressLine = (line: string) => void;

/**
 * Runs a command of the helper as root. If this process does not run as root, uses `sudo -n`, which never asks for a
 * password.
 *
 * @param progress called with each progress line from the helper
 * @throws MusterError if sudo refuses to run the helper, or if the command fails
 */
export async function callHelper<C extends HelperCommand>(
  command: C,
  request: HelperRequest,
  progress: ProgressLine,
): Promise<HelperAnswers[C]> {
  refuseOtherSystems();
  const [program, ...args] = commandLine(command);
  const helper = execa(program, args, { input: JSON.stringify(request), reject: false });
  const errorLines: string[] = [];
  createInterface({ input: helper.stderr }).on("line", (line) => {
    errorLines.push(line);
    if (!line.startsWith("sudo:")) progress(line);
  });
  const { stdout, code } = await helper;
  const result = lastLine(stdout);
  if (result === undefined) throw noResult(command, code, errorLines);
  if ("error" in result) throw new MusterError(result.error);
  return result.answer as HelperAnswers[C];
}

/** Whether the helper can currently run as root without a prompt for a password. */
export async function mayActAsRoot(): Promise<boolean> {
  if (process.getuid?.() === 0) return true;
  return (await execa("sudo", ["-n", "true"], { reject: false })).exitCode === 0;
}

/** @throws MusterError if this machine does not run Linux */
export function refuseOtherSystems(platform: string = process.platform): void {
  if (platform === "linux") return;
  throw new MusterError({
    what: "local hosts cannot run on this machine",
    why: `they are systemd-nspawn containers, which need Linux, and this is ${platform}.`,
    next: "Declare hosts of `kind: ssh`, or run this on Linux.",
  });
}

function commandLine(command: HelperCommand): [string, ...string[]] {
  const helper = [process.execPath, "--no-warnings", join(packageRoot(), "dist/local-helper.mjs"), command];
  return process.getuid?.() === 0 ? (helper as [string, ...string[]]) : ["sudo", "-n", ...helper];
}

function lastLine(stdout: string): HelperResult | undefined {
  const line = stdout.trimEnd().split("\n").at(-1);
  return line?.startsWith("{") ? (JSON.parse(line) as HelperResult) : undefined;
}

function noResult(command: string, code: string | undefined, errorLines: readonly string[]): MusterError {
  const what = `local hosts: ${command} needs root`;
  if (code === "ENOENT") {
    return new MusterError({
      what,
      why: "sudo is not installed.",
      next: "Install sudo, or run this as root.",
    });
  }
  if (errorLines.some((line) => line.startsWith("sudo:"))) {
    const next =
      "Run `sudo -v` in this terminal (or `npm start`, which asks for the password once), then try again.";
    return new MusterError({ what, why: "sudo would have to ask for a password.", next });
  }
  const why = `its last output: ${errorLines.slice(-3).join(" | ") || "none"}.`;
  return new MusterError({
    what: `local hosts: ${command} ended without a result`,
    why,
    next: "Try again.",
  });
}
