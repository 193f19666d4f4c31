import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";

/** The most that processes in a group may take of this machine, together. Cores are shared by the kernel's weights. */
interface Ceiling {
  /** Share of this machine's memory. */
  readonly memory: number;
  /** Processes and threads. */
  readonly tasks: number;
}

/** Linux has 32768 process numbers by default: some are left for the machine itself. */
export const ALL_HOSTS: Ceiling = { memory: 0.75, tasks: 24_000 };

export const ONE_HOST: Ceiling = { memory: 0.5, tasks: 8000 };

/**
 * Puts a ceiling on a group, in whichever hierarchy it is. It stands above the groups that a host sees, so nobody in
 * the host can lift it, and whatever runs away there takes neither this machine nor other hosts along.
 */
export function setCeiling(group: string, { memory, tasks }: Ceiling): void {
  // Linux before 5.11: a limit in cgroup v1 does not count for the groups below unless this is said.
  const hierarchical = join(group, "memory.use_hierarchy");
  if (existsSync(hierarchical) && readFileSync(hierarchical, "utf8").trim() === "0")
    writeFileSync(hierarchical, "1");
  const bytes = `${Math.floor(memory * totalmem())}`;
  const limits = { "memory.max": bytes, "memory.limit_in_bytes": bytes, "pids.max": `${tasks}` };
  for (const [file, limit] of Object.entries(limits))
    if (existsSync(join(group, file))) writeFileSync(join(group, file), limit);
}
