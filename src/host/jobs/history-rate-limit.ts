import type { HistoryEvent } from "../../model/deadman.ts";
import type { Host } from "../context.ts";
import { record } from "../reports/history.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { folderOfJobs } from "./job-folder.ts";

/**
 * The maximum number of history lines per hour for an agent's jobs. Without this limit, these lines could
 * displace other events.
 */
const MAX_LINES = 60;
const HOUR = 3_600_000;

interface Spent {
  readonly since: number;
  readonly lines: number;
}

/**
 * Records a job's event in the history, unless the job's agent has reached the
 * limit. Host jobs have no limit.
 */
export function recordWithin(host: Host, event: Omit<HistoryEvent, "time">, now = new Date()): void {
  const { agent, job } = event;
  if (agent === undefined) {
    record(host, [event], now);
    return;
  }
  const file = `${folderOfJobs(host)}/of-${agent}`;
  const before = spentIn(readOwn(file)?.toString("utf8"));
  const isOld = !(now.getTime() - before.since < HOUR);
  const { since, lines } = isOld ? { since: now.getTime(), lines: 0 } : before;
  if (lines >= MAX_LINES) return;
  const flood = {
    event: "flood",
    agent,
    ...(job && { job }),
    detail: "more jobs have failed than are recorded",
  } as const;
  record(host, lines + 1 < MAX_LINES ? [event] : [event, flood], now);
  writeOwn(file, JSON.stringify({ since, lines: lines + 1 } satisfies Spent));
}

/** Parses a stored count. A count that is truncated or from the future is reset to zero. */
function spentIn(text = ""): Spent {
  try {
    const { since, lines } = JSON.parse(text) as Spent;
    return since <= Date.now() && lines >= 0 ? { since, lines } : { since: 0, lines: 0 };
  } catch {
    return { since: 0, lines: 0 };
  }
}
