import type { Host } from "../context.ts";
import { paneExecutable } from "./tmux-pane.ts";

/** The version of a pinned runtime that a process runs from. */
export interface RunningInstallation {
  /** The name in `runtimes` of fleet.yaml. */
  readonly runtime: string;
  /** The name of the installation's folder. */
  readonly name: string;
}

/**
 * Finds the installation from which the program in an agent's pane runs. The path comes from the kernel, so the process
 * cannot delay this read.
 *
 * @param server the main process of the agent's unit
 * @returns undefined if no program runs, or its file is in no installation
 */
export function runningInstallation(host: Host, server: number): RunningInstallation | undefined {
  const path = paneExecutable(server);
  if (path === undefined || !path.startsWith(`${host.paths.installations}/`)) return undefined;
  const [runtime, name] = path.slice(host.paths.installations.length + 1).split("/");
  return runtime === undefined || name === undefined ? undefined : { runtime, name };
}
