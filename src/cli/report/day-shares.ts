import type { AgentUptime } from "../../model/agent-uptime.ts";
import { type AgentDayShare, dayBefore, PHASE_DAYS } from "./phase-report.ts";

const DAY_SECONDS = 86_400;

/** The maximum delay in seconds of the current day's record. The deadman takes a sample once a minute. */
const LATE = 60;

/**
 * Computes an agent's shares of each day from the records of its host. If a day has no record but an earlier day has
 * one, the host or its deadman was off, and the day counts as down. Paused and unknown time does not count.
 *
 * @param at the current time (UTC, ISO 8601)
 */
export function dayShares(records: readonly AgentUptime[], at: string): AgentDayShare[] {
  const byDate = new Map(records.map((one) => [one.date, one]));
  const [first] = [...byDate.keys()].sort();
  if (first === undefined) return [];
  const dates = Array.from({ length: PHASE_DAYS }, (_, i) => dayBefore(at, PHASE_DAYS - 1 - i));
  return dates
    .filter((date) => date >= first)
    .flatMap((date) => {
      const none = { up: 0, busy: 0, paused: 0, from: 0 };
      const {
        up,
        busy,
        paused,
        from,
        unknown = 0,
      }: Omit<AgentUptime, "agent" | "date"> = byDate.get(date) ?? none;
      const total = daySeconds(date, at) - (date === first ? from : 0) - paused - unknown;
      if (total <= LATE) return [];
      const share = (seconds: number) => Math.min(100, (100 * seconds) / total);
      return [{ date, uptime: share(up), capacity: share(busy) }];
    });
}

function daySeconds(date: string, at: string): number {
  if (date !== at.slice(0, 10)) return DAY_SECONDS;
  return Math.max(0, (Date.parse(at) - Date.parse(`${date}T00:00:00Z`)) / 1000 - LATE);
}
