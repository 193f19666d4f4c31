import type { DatabaseSync } from "node:sqlite";
import type { QueueLimits } from "../../model/routes.ts";

/** The weight of an active task. A task that is being done delays a new task more than a pending task does. */
const ACTIVE = 5;

/** Returns the load of a queue: the number of its pending tasks, plus 5 for each active task. */
export function queueLoad(db: DatabaseSync): number {
  const query = `SELECT coalesce(sum(CASE status WHEN 'pending' THEN 1 ELSE ${ACTIVE} END), 0) AS load
    FROM tasks WHERE status IN ('pending', 'active')`;
  return Number(db.prepare(query).get()?.["load"]);
}

/** Returns whether a queue takes no more tasks. */
export function isFull(db: DatabaseSync, { hard }: QueueLimits): boolean {
  return hard !== undefined && queueLoad(db) >= hard;
}

/** Returns the agent that gets a new task because of the load; undefined if the queue keeps the task. */
export function overflowOf(db: DatabaseSync, { soft, hard, overflow }: QueueLimits): string | undefined {
  const limit = soft ?? hard;
  if (overflow === undefined || limit === undefined) return undefined;
  return queueLoad(db) >= limit ? overflow : undefined;
}
