import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { jobsOffFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { listFolder } from "../system/read-if-present.ts";
import { type AccountsSnapshot, budgetsWithoutJobs } from "./account-limits.ts";
import { type LimitsMemory, NO_LIMITS } from "./limits-memory.ts";

/** Stops the jobs of the agents whose budgets are used up, and allows all other jobs. Does not end a running job. */
export function switchJobs(
  { paths }: Host,
  memory: LimitsMemory = NO_LIMITS,
  { rules }: Pick<AccountsSnapshot, "rules">,
): void {
  const off = new Set(budgetsWithoutJobs(memory, rules).flatMap(({ agents }) => agents));
  const present = new Set(listFolder(jobsOffFile("", paths.hostd)));
  for (const agent of present) if (!off.has(agent)) rmSync(jobsOffFile(agent, paths.hostd), { force: true });
  for (const agent of off) {
    if (present.has(agent)) continue;
    mkdirSync(jobsOffFile("", paths.hostd), { recursive: true, mode: 0o700 });
    writeFileSync(jobsOffFile(agent, paths.hostd), "", { mode: 0o600 });
  }
}
