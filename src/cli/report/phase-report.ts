/** The percentage of a day in which an agent ran, and the percentage in which it worked. */
export interface AgentDayShare {
  /** The day in UTC, such as `2026-11-30`. */
  readonly date: string;
  readonly uptime: number;
  readonly capacity: number;
}

/** The figures from which the phase report is computed; see docs/schema/report-snapshot.schema.json. */
export interface ReportSnapshot {
  readonly version: 1;
  readonly fleet: string;
  /** The time to which the figures apply (UTC, ISO 8601). */
  readonly at: string;
  readonly operational: boolean;
  /** The uptime in percent. If this figure or one of the next two figures is absent, it is computed from `agents`. */
  readonly uptime?: number;
  readonly daysInARow?: number;
  /** The capacity in percent. */
  readonly capacity?: number;
  readonly agents?: readonly { readonly agent: string; readonly days: readonly AgentDayShare[] }[];
  readonly drift?: readonly { readonly date: string; readonly findings: number }[];
  readonly missing?: readonly string[];
}

/** One row of the phase report. */
export interface PhaseFigure {
  readonly resource: string;
  readonly value: string;
  readonly target: string;
  readonly isMet: boolean;
}

export interface PhaseReport {
  readonly snapshot: ReportSnapshot;
  readonly figures: readonly PhaseFigure[];
  /** Whether the next phase can begin. It requires 30 consecutive days with 95 % uptime, and a capacity over 60 %. */
  readonly isReady: boolean;
  /** Sentences about the targets for the next phase that are not met. */
  readonly missing: readonly string[];
}

/**
 * The targets of the phase: the percentage of uptime, the number of consecutive days, and the percentage that the
 * capacity must exceed.
 */
export const PHASE_TARGETS = { uptime: 95, days: 30, capacity: 60 } as const;

/** The number of days over which averages are computed. */
export const PHASE_DAYS = 30;

const DAY = 86_400_000;

/** Computes the phase report from its figures. This is a pure function. */
export function phaseReport(snapshot: ReportSnapshot): PhaseReport {
  const uptime = snapshot.uptime ?? average(snapshot, "uptime");
  const days = snapshot.daysInARow ?? daysInARow(snapshot);
  const capacity = snapshot.capacity ?? average(snapshot, "capacity");
  const { uptime: least, days: most, capacity: over } = PHASE_TARGETS;
  const [hasUptime, hasDays] = [(uptime ?? 0) >= least, (days ?? 0) >= most];
  const hasCapacity = (capacity ?? 0) > over;
  const percent = (value: number | undefined) => (value === undefined ? "unknown" : `${rounded(value)} %`);
  const figures = [
    {
      resource: "Fleet operational",
      value: snapshot.operational ? "Yes" : "No",
      target: "Yes",
      isMet: snapshot.operational,
    },
    { resource: "Uptime (30d average)", value: percent(uptime), target: `>= ${least} %`, isMet: hasUptime },
    { resource: "Days at 95%+ uptime", value: `${days ?? "unknown"}`, target: `${most}`, isMet: hasDays },
    { resource: "Capacity utilization", value: percent(capacity), target: `> ${over} %`, isMet: hasCapacity },
  ];
  const missing = [
    ...(hasDays
      ? []
      : [
          `The next phase needs ${most} days in a row at ${least} % uptime; there are ${days ?? "no known"} days.`,
        ]),
    ...(hasCapacity ? [] : [`Capacity must exceed ${over} %; it is ${percent(capacity)}.`]),
    ...leastReliable(snapshot),
    ...(snapshot.missing ?? []),
  ];
  return { snapshot, figures, isReady: hasDays && hasCapacity, missing };
}

/** Returns the fleet's value for each day, oldest first: the average of its agents. */
export function fleetDays(
  { agents = [] }: ReportSnapshot,
  key: "uptime" | "capacity",
): readonly { readonly date: string; readonly value: number }[] {
  const byDate = Map.groupBy(
    agents.flatMap(({ days }) => days),
    ({ date }) => date,
  );
  return [...byDate]
    .map(([date, days]) => ({ date, value: mean(days.map((day) => day[key])) }))
    .sort((a, b) => (a.date < b.date ? -1 : 1));
}

function average(snapshot: ReportSnapshot, key: "uptime" | "capacity"): number | undefined {
  const first = dayBefore(snapshot.at, PHASE_DAYS - 1);
  const values = fleetDays(snapshot, key).filter(({ date }) => date >= first);
  return values.length === 0 ? undefined : mean(values.map(({ value }) => value));
}

/** Counts the consecutive days up to yesterday with enough uptime. A day without data ends the count. */
function daysInARow(snapshot: ReportSnapshot): number | undefined {
  const days = fleetDays(snapshot, "uptime");
  if (days.length === 0) return undefined;
  const values = new Map(days.map(({ date, value }) => [date, value]));
  let count = 0;
  while ((values.get(dayBefore(snapshot.at, count + 1)) ?? 0) >= PHASE_TARGETS.uptime) count += 1;
  return count;
}

/** Returns the date of a day before a time, in UTC. */
export function dayBefore(at: string, days: number): string {
  return new Date(Date.parse(at) - days * DAY).toISOString().slice(0, 10);
}

/** The maximum number of agents that the report names because of their low uptime. */
const MOST_NAMED = 5;

function leastReliable({ agents = [], at }: ReportSnapshot): string[] {
  const first = dayBefore(at, PHASE_DAYS - 1);
  const means = agents.flatMap(({ agent, days }) => {
    const recent = days.filter(({ date }) => date >= first);
    return recent.length === 0 ? [] : [{ agent, uptime: mean(recent.map(({ uptime }) => uptime)) }];
  });
  return means
    .filter(({ uptime }) => uptime < PHASE_TARGETS.uptime)
    .sort((a, b) => a.uptime - b.uptime)
    .slice(0, MOST_NAMED)
    .map(
      ({ agent, uptime }) =>
        `${agent} was up ${rounded(uptime)} % of the time: \`npx fleet history ${agent}\`.`,
    );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Rounds down, so that 94.96 % is not shown as 95 %. */
function rounded(percent: number): number {
  return Math.floor(percent * 10) / 10;
}
