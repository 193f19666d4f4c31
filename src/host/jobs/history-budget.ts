import type { HistoryEvent } from "../../model/deadman.ts";
import type { Host } from "../context.ts";
import { record } from "../reports/history.ts";
import { readOwn, writeOwn } from "../store/files.ts";
import { folderOfJobs } from "./job-folder.ts";

/** Lines of history that the jobs of one agent may have in an hour: no agent can push out what happened to others. */
const MOST = 60;
const HOUR = 3_600_000;

interface Spent {
  readonly since: number;
  readonly lines: number;
}

/** Puts an event of a job down in the history, as far as its agent has lines left. A host's own jobs are the platform's. */
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
  if (lines >= MOST) return;
  const flood = {
    event: "flood",
    agent,
    ...(job && { job }),
    detail: "more jobs fail than is recorded",
  } as const;
  record(host, lines + 1 < MOST ? [event] : [event, flood], now);
  writeOwn(file, JSON.stringify({ since, lines: lines + 1 } satisfies Spent));
}

/** A count that is truncated or from the future starts again at zero. */
function spentIn(text = ""): Spent {
  try {
    const { since, lines } = JSON.parse(text) as Spent;
    return since <= Date.now() && lines >= 0 ? { since, lines } : { since: 0, lines: 0 };
  } catch {
    return { since: 0, lines: 0 };
  }
}
