import type { Fleet } from "../../config/fleet.ts";
import type { AgentUptime } from "../../model/agent-uptime.ts";
import { EXIT } from "../exit.ts";
import { type AgentFlag, codesOfFlags } from "../observe/agent-flags.ts";
import { type AgentsReport, agentsReport, observeAgentsOn, selectedAgents } from "../observe/agents.ts";
import type { DriftRow } from "../observe/history.ts";
import { observeLedgers } from "../observe/ledgers.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { dayShares } from "./day-shares.ts";
import { dayBefore, PHASE_DAYS, type ReportSnapshot } from "./phase-report.ts";

/** The figures of the live fleet, and the report of `fleet ps` at the same moment. */
export interface LiveSnapshot {
  readonly snapshot: ReportSnapshot;
  readonly agents: AgentsReport;
}

/** The uptimes and the drift from which the figures are computed. */
export interface MeasuredFleet {
  readonly uptimes: readonly AgentUptime[];
  readonly drift: readonly DriftRow[];
  /** A sentence that says why agents can have no uptimes. */
  readonly whyUnknown: string;
}

/** Reads the uptimes from a Prometheus. @param at the current time (UTC, ISO 8601) */
export type ReadPrometheus = (at: string) => Promise<readonly AgentUptime[]>;

/**
 * Reads the figures of the phase report: the current state and the ledgers from the hosts, and the uptimes from
 * Prometheus or, if `readPrometheus` is absent, from the records of the hosts.
 */
export async function takeSnapshot(
  fleet: Fleet,
  selection: Selection,
  open: OpenHost,
  readPrometheus?: ReadPrometheus,
): Promise<LiveSnapshot> {
  const at = new Date().toISOString();
  const groups = [...selectedAgents(fleet, selection)];
  const [answers, ledgers, uptimes] = await Promise.all([
    Promise.all(groups.map(([host, agents]) => observeAgentsOn(fleet, host, agents, open))),
    observeLedgers(fleet, { ...selection, last: Number.POSITIVE_INFINITY }, open),
    readPrometheus === undefined
      ? readRecords(
          fleet,
          groups.map(([host]) => host),
          open,
        )
      : readPrometheus(at),
  ]);
  const agents = agentsReport(fleet, answers);
  const whyUnknown =
    readPrometheus === undefined
      ? "the deadman writes it once a minute."
      : "Prometheus has no values of them.";
  const measured = { uptimes, drift: ledgers.drift ?? [], whyUnknown };
  return { agents, snapshot: liveSnapshot(fleet, agents, measured, at) };
}

async function readRecords(fleet: Fleet, hosts: readonly string[], open: OpenHost): Promise<AgentUptime[]> {
  const request = { op: "history", last: 1, uptimes: true } as const;
  const answers = await Promise.all(
    hosts.map((host) => queryHost(fleet, host, open, (reader) => reader.history(request))),
  );
  return answers.flatMap(({ answer }) => answer?.uptimes ?? []);
}

/** Computes the figures from the hosts' answers. This is a pure function. */
export function liveSnapshot(
  fleet: Fleet,
  report: AgentsReport,
  { uptimes, drift, whyUnknown }: MeasuredFleet,
  at: string,
): ReportSnapshot {
  const core = report.agents.filter(({ lifecycle }) => lifecycle === "core");
  const byAgent = Map.groupBy(uptimes, ({ agent }) => agent);
  const agents = core.map(({ agent }) => ({ agent, days: dayShares(byAgent.get(agent) ?? [], at) }));
  const silent = report.hosts.filter(({ state }) => state !== "ok").map(({ host }) => host);
  const unknown = agents.filter(({ days }) => days.length === 0).length;
  const isWell = report.agents.every(
    ({ flags }) => !codesOfFlags(flags.filter(isAboutNow)).includes(EXIT.policy),
  );
  return {
    ...{ version: 1, fleet: fleet.name, at },
    operational: isWell && silent.length === 0,
    agents: agents.filter(({ days }) => days.length > 0),
    drift: driftPerDay(drift, at),
    missing: [
      ...silent.map((host) => `${host} did not answer, so its agents are not counted.`),
      ...(unknown > 0
        ? [`${unknown} of ${core.length} agents have no record of their uptime yet; ${whyUnknown}`]
        : []),
    ],
  };
}

/** Counts the changes on hosts that runs have found on each of the report's days. Days without such changes are absent. */
function driftPerDay(drift: readonly DriftRow[], at: string): NonNullable<ReportSnapshot["drift"]> {
  const first = dayBefore(at, PHASE_DAYS - 1);
  const dates = drift.flatMap((row) => (row.kind === "corrective" ? [row.seen.slice(0, 10)] : []));
  const byDate = Map.groupBy(
    dates.filter((date) => date >= first),
    (date) => date,
  );
  return [...byDate].map(([date, { length }]) => ({ date, findings: length })).sort(byDay);
}

function byDay(a: { readonly date: string }, b: { readonly date: string }): number {
  return a.date < b.date ? -1 : 1;
}

/**
 * Whether a flag describes the agent's current state. EXPIRES does not, because an agent with a credential that expires
 * soon still works.
 */
function isAboutNow(flag: AgentFlag): boolean {
  return flag !== "EXPIRES";
}
