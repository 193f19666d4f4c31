import { rmdirSync, rmSync } from "node:fs";
import type { JobName } from "../../model/job.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";

/** What is remembered of jobs until the next boot. No agent has a dot in its name, and so none has this for its own. */
export function folderOfJobs(host: Host): string {
  return `${host.paths.scratch}/muster.jobs`;
}

/** Forgets how much an agent's jobs have told, and with the last agent the folder. */
export function forgetAgentsOf(host: Host, names: readonly JobName[]): void {
  for (const { agent } of names) if (agent) rmSync(`${folderOfJobs(host)}/of-${agent}`, { force: true });
  try {
    rmdirSync(folderOfJobs(host));
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
  }
}
