import { readFileSync } from "node:fs";
import { processStatus } from "../base/proc-stat.ts";

/** Returns the process id of the language host's parent; undefined if this system does not show the id. */
export function parentOfLanguageHost(): number | undefined {
  return processStatus(process.ppid)?.parent;
}

/**
 * Whether a process is an engine. After the engine was killed, the parent of the language host is another
 * process: the init process or a user's service manager.
 */
export function isEngine(pid: number): boolean {
  return processStatus(pid)?.name.includes("pulumi") ?? false;
}

/**
 * Returns the command line of the engine that runs this program, without the name of the engine. Returns undefined if
 * the command line is not visible, for example on macOS, or in a program of the Automation API.
 */
export function engineArguments(): readonly string[] | undefined {
  const pid = parentOfLanguageHost();
  if (pid === undefined || !isEngine(pid)) return undefined;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(1, -1);
  } catch {
    return undefined;
  }
}
