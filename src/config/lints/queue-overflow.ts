import { didYouMean } from "../suggest.ts";
import type { Lint } from "./lint.ts";

/** Refuses limits of a queue that contradict each other, and an overflow to an agent that cannot get the tasks. */
export const queueOverflow: Lint = (fleet, declared) =>
  Object.values(fleet.agents).flatMap(({ name, tenant, queue }) => {
    if (queue === undefined) return [];
    const { soft, hard, overflow } = queue;
    const report = (key: string, sentence: string) => [{ keys: ["agents", name, "queue", key], sentence }];
    if (soft !== undefined && overflow === undefined)
      return report("soft", "needs `overflow`, the agent that gets the tasks above this load");
    if (soft !== undefined && hard !== undefined && soft > hard)
      return report("soft", "must not be larger than `hard`");
    if (overflow === undefined) return [];
    const names = declared["agents"];
    if (names !== undefined && !names.has(overflow))
      return report("overflow", `no agent is named "${overflow}"${didYouMean(overflow, names)}`);
    if (overflow === name) return report("overflow", "an agent cannot be its own overflow");
    const other = fleet.agents[overflow];
    if (other !== undefined && other.tenant !== tenant)
      return report("overflow", `"${overflow}" belongs to another tenant`);
    return [];
  });
