import { spawnSync } from "node:child_process";

/** The result of git on this machine. `stderr` is the last line of git's error. */
export interface GitResult {
  readonly isDone: boolean;
  readonly stdout: string;
  readonly error: string;
}

/**
 * Runs git in a repository on this machine. No hook and no program of the repository's configuration is run: CI loads
 * fleet.yaml of pull requests, which can name any folder. Without protocols, git also fetches no missing objects.
 */
export function runGit(folder: string, args: readonly string[]): GitResult {
  const settings = ["core.hooksPath=/dev/null", "core.fsmonitor=false", "protocol.allow=never"];
  const options = ["-C", folder, ...settings.flatMap((one) => ["-c", one])];
  const done = spawnSync("git", [...options, ...args], {
    encoding: "utf8",
    env: { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  });
  const error = done.error?.message ?? done.stderr.trim().split("\n").at(-1) ?? "";
  return { isDone: done.status === 0, stdout: done.stdout ?? "", error };
}
