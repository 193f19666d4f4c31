import { rmdirSync, rmSync } from "node:fs";
import type { JobName } from "../../model/job.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";

/**
 * The folder with the state of jobs until the next boot. No agent's name contains a dot, so none conflicts.
 */
export function folderOfJobs(host: Host): string {
  return `${host.paths.scratch}/muster.jobs`;
}

/** Deletes the agents' counts of recorded failures, and also the folder if it is empty then. */
export function forgetAgentsOf(host: Host, names: readonly JobName[]): void {
  for (const { agent } of names) if (agent) rmSync(`${folderOfJobs(host)}/of-${agent}`, { force: true });
  try {
    rmdirSync(folderOfJobs(host));
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
  }
}
