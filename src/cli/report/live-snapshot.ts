import type { Fleet } from "../../config/fleet.ts";
import type { AgentUptime } from "../../model/agent-uptime.ts";
import { EXIT } from "../exit.ts";
import { type AgentFlag, codesOfFlags } from "../observe/agent-flags.ts";
import { type AgentsReport, agentsReport, observeAgentsOn, selectedAgents } from "../observe/agents.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { dayShares } from "./day-shares.ts";
import type { ReportSnapshot } from "./phase-report.ts";

/** The figures of the live fleet, and the report of `fleet ps` at the same moment. */
export interface LiveSnapshot {
  readonly snapshot: ReportSnapshot;
  readonly agents: AgentsReport;
}

/** Reads the figures of the phase report from the hosts: the current state, and the recorded uptimes. */
export async function takeSnapshot(
  fleet: Fleet,
  selection: Selection,
  open: OpenHost,
  now = new Date(),
): Promise<LiveSnapshot> {
  const groups = [...selectedAgents(fleet, selection)];
  const answers = await Promise.all(
    groups.map(([host, agents]) =>
      Promise.all([
        observeAgentsOn(fleet, host, agents, open),
        queryHost(fleet, host, open, (reader) => reader.history({ op: "history", last: 1, uptimes: true })),
      ]),
    ),
  );
  const agents = agentsReport(
    fleet,
    answers.map(([answer]) => answer),
  );
  const uptimes = answers.flatMap(([, { answer }]) => answer?.uptimes ?? []);
  return { agents, snapshot: liveSnapshot(fleet, agents, uptimes, now.toISOString()) };
}

/** Computes the figures from the hosts' answers. This is a pure function. */
export function liveSnapshot(
  fleet: Fleet,
  report: AgentsReport,
  uptimes: readonly AgentUptime[],
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
    missing: [
      ...silent.map((host) => `${host} did not answer, so its agents are not counted.`),
      ...(unknown > 0
        ? [
            `${unknown} of ${core.length} agents have no record of their uptime yet; the deadman writes it once a minute.`,
          ]
        : []),
    ],
  };
}

/**
 * Whether a flag describes the agent's current state. EXPIRES does not, because an agent with a credential that expires
 * soon still works.
 */
function isAboutNow(flag: AgentFlag): boolean {
  return flag !== "EXPIRES";
}
