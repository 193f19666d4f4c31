import type { UnitStatus } from "../model/protocol.ts";
import { unitName } from "../resources/ids.ts";
import type { AgentSpec, Fleet } from "../spec/fleet.ts";
import { askHost, type OpenHost } from "./ask.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { type HostReport, isMissed } from "./report.ts";
import type { Selection } from "./selection.ts";

/** `away`: nothing is known, because its host gave no answer. `not there`: its host has no such unit. */
export type AgentState = "running" | "starting" | "stopped" | "failed" | "away" | "not there";

export interface AgentRow {
  readonly agent: string;
  readonly tenant: string;
  readonly host: string;
  readonly state: AgentState;
  /** UnitFileState of systemd; what follows is there only where the unit is. */
  readonly enabled?: string;
  readonly pid?: number;
  readonly restarts?: number;
  /** Seconds in this state. */
  readonly since?: number;
  /** What the agent says of itself. */
  readonly status?: string;
}

export interface AgentsReport {
  readonly hosts: readonly HostReport[];
  readonly agents: readonly AgentRow[];
}

/** How every declared agent is now, from its live host. */
export async function observeAgents(
  fleet: Fleet,
  selection: Selection,
  open: OpenHost,
): Promise<AgentsReport> {
  const agents = Object.values(fleet.agents).filter((agent) => isSelected(agent, selection));
  const byHost = Map.groupBy(agents, (agent) => agent.host);
  const looks = await Promise.all([...byHost].map(([host, ours]) => agentsOn(fleet, host, ours, open)));
  return { hosts: looks.map((look) => look.host), agents: looks.flatMap((look) => look.agents) };
}

/** Every exit code that holds for what was found. */
export function codesOfAgents({ hosts }: AgentsReport): ExitCode[] {
  const failed = hosts.some((host) => host.state === "failed");
  return [...(failed ? [EXIT.failure] : []), ...(hosts.some(isMissed) ? [EXIT.unreachable] : [])];
}

function isSelected(agent: AgentSpec, { host, tenant, slice }: Selection): boolean {
  const only = slice?.kind === "tenant" ? slice.tenant : agent.tenant;
  return (
    (host === undefined || agent.host === host) &&
    (tenant === undefined || agent.tenant === tenant) &&
    agent.tenant === only
  );
}

async function agentsOn(fleet: Fleet, host: string, agents: readonly AgentSpec[], open: OpenHost) {
  const asked = await askHost(fleet, host, open, (reader) =>
    reader.ps({ op: "ps", units: agents.map(unitName) }),
  );
  const units = new Map(asked.answer?.units.map((unit) => [unit.unit, unit]));
  const absent: AgentState = asked.host.state === "ok" || asked.host.state === "empty" ? "not there" : "away";
  return {
    host: asked.host,
    agents: agents.map((agent) => rowOf(agent, units.get(unitName(agent)), absent)),
  };
}

function rowOf(agent: AgentSpec, unit: UnitStatus | undefined, absent: AgentState): AgentRow {
  const place = { agent: agent.name, tenant: agent.tenant, host: agent.host };
  const state = unit === undefined ? absent : (STATES[unit.state] ?? "stopped");
  if (unit === undefined || state === "not there") return { ...place, state };
  const { enabled, pid, restarts, since, status } = unit;
  return { ...place, state, enabled, pid, restarts, since, status };
}

/** systemd's ActiveState in a person's words; `absent` is the host runtime's, for a unit that is not there. */
const STATES: Readonly<Record<string, AgentState>> = {
  active: "running",
  reloading: "running",
  activating: "starting",
  failed: "failed",
  absent: "not there",
};
