import { rmdirSync, rmSync } from "node:fs";
import type { JobName } from "../../model/job.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";

/**
 * Returns the folder for the state of jobs. The folder is lost at a reboot. Because its name contains a dot,
 * it cannot conflict with an agent's runtime folder.
 */
export function folderOfJobs(host: Host): string {
  return `${host.paths.scratch}/muster.jobs`;
}

/** Deletes the counts of recorded failures for the jobs' agents, then deletes the folder if it is empty. */
export function forgetAgentsOf(host: Host, names: readonly JobName[]): void {
  for (const { agent } of names) if (agent) rmSync(`${folderOfJobs(host)}/of-${agent}`, { force: true });
  try {
    rmdirSync(folderOfJobs(host));
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
  }
}
