import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";

/**
 * The limits for the sum of all processes in a cgroup. CPU time needs no limit, because the kernel divides it among the
 * cgroups by weight.
 */
interface CgroupLimits {
  /** The maximum memory, as a fraction of the memory of this machine (0 to 1). */
  readonly memory: number;
  /** The maximum number of processes and threads. */
  readonly tasks: number;
}

/**
 * The limits for the sum of all hosts. Linux has 32768 process IDs by default, and this machine itself needs some of
 * these IDs.
 */
export const ALL_HOSTS: CgroupLimits = { memory: 0.75, tasks: 24_000 };

export const ONE_HOST: CgroupLimits = { memory: 0.5, tasks: 8000 };

/**
 * Sets the limits of a cgroup, in cgroup v1 or v2. A host sees only the cgroups below this cgroup, so no process in the
 * host can raise the limits. A runaway process therefore cannot exhaust this machine or other hosts.
 */
export function setLimits(group: string, { memory, tasks }: CgroupLimits): void {
  // Before Linux 5.11, a memory limit of cgroup v1 applies to child cgroups only if use_hierarchy is set.
  const hierarchical = join(group, "memory.use_hierarchy");
  if (existsSync(hierarchical) && readFileSync(hierarchical, "utf8").trim() === "0")
    writeFileSync(hierarchical, "1");
  const bytes = `${Math.floor(memory * totalmem())}`;
  const limits = { "memory.max": bytes, "memory.limit_in_bytes": bytes, "pids.max": `${tasks}` };
  for (const [file, limit] of Object.entries(limits))
    if (existsSync(join(group, file))) writeFileSync(join(group, file), limit);
}
