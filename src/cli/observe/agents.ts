import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { BeatState, DeferredRestart, Lifecycle } from "../../model/deadman.ts";
import type { FailedOver } from "../../model/failover.ts";
import type { UnitStatus } from "../../model/protocol.ts";
import { runningUnit, unitName } from "../../resources/unit-names.ts";
import { type RuntimeKind, runtimeOf } from "../../runtimes/registry.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { type HostReport, isMissed } from "./fleet-report.ts";
import { type UnitLabel, unitLabel } from "./unit-label.ts";

/**
 * `away`: nothing is known, because its host gave no answer. `stuck`: it says so itself. `stale`: it shows no life.
 */
export type AgentState = UnitLabel | "stuck" | "stale" | "away";

export interface AgentRow {
  readonly agent: string;
  readonly tenant: string;
  readonly host: string;
  readonly state: AgentState;
  /** An ephemeral one is started by name, and stops by itself. */
  readonly lifecycle: Lifecycle["kind"];
  /** What it is declared to run. */
  readonly runtime: RuntimeKind;
  /** The name of the process in its pane. */
  readonly process?: string;
  /** That this is none of those that its runtime has. */
  readonly otherProcess?: true;
  /** The unit of the host's own that runs it still. */
  readonly former?: string;
  /** UnitFileState of systemd; what follows is there only where the unit is. */
  readonly enabled?: string;
  readonly pid?: number;
  readonly restarts?: number;
  /** Seconds in this state. */
  readonly since?: number;
  /** What the agent says of itself. */
  readonly status?: string;
  /** What follows is the deadman's, where the agent's heartbeat is declared. */
  readonly beat?: BeatState;
  /** Seconds since its last sign of life. */
  readonly silent?: number;
  readonly task?: string;
  /** What is wrong with its heartbeat. */
  readonly problem?: string;
  /** Why the deadman leaves it alone. */
  readonly paused?: string;
  /** That it runs with what was declared before. */
  readonly owed?: Pick<DeferredRestart, "restart" | "within" | "since">;
  /** On which provider it is to run, where that is another than its first, and since when. */
  readonly failedOver?: FailedOver;
  /** Why it stays down, and since when. */
  readonly quarantine?: { readonly since: string; readonly reason: string };
}

export interface AgentsReport {
  /** The hosts whose deadman should watch and does not. */
  readonly unwatched: readonly string[];
  readonly hosts: readonly HostReport[];
  readonly agents: readonly AgentRow[];
}

/** How every declared agent is now, from its live host. */
export async function observeAgents(
  fleet: Fleet,
  selection: Selection,
  open: OpenHost,
): Promise<AgentsReport> {
  const agents = Object.values(fleet.agents).filter((agent) => isAgentSelected(agent, selection));
  const byHost = Map.groupBy(agents, (agent) => agent.host);
  const looks = await Promise.all([...byHost].map(([host, ours]) => agentsOn(fleet, host, ours, open)));
  return {
    hosts: looks.map((look) => look.host),
    agents: looks.flatMap((look) => look.agents),
    unwatched: looks.flatMap((look) => (look.deadman === "silent" ? [look.host.host] : [])),
  };
}

/** Every exit code that holds for what was found. */
export function codesOfAgents({ hosts }: Pick<AgentsReport, "hosts">): ExitCode[] {
  const failed = hosts.some((host) => host.state === "failed");
  return [...(failed ? [EXIT.failure] : []), ...(hosts.some(isMissed) ? [EXIT.unreachable] : [])];
}

/** Whether an agent is in the part of the fleet that a command looks at. */
export function isAgentSelected(agent: AgentSpec, { host, tenant, slice }: Selection): boolean {
  const only = slice?.kind === "tenant" ? slice.tenant : agent.tenant;
  return (
    (host === undefined || agent.host === host) &&
    (tenant === undefined || agent.tenant === tenant) &&
    agent.tenant === only
  );
}

async function agentsOn(fleet: Fleet, host: string, agents: readonly AgentSpec[], open: OpenHost) {
  const asked = await queryHost(fleet, host, open, (reader) =>
    reader.ps({ op: "ps", units: agents.map(runningUnit) }),
  );
  const units = new Map(asked.answer?.units.map((unit) => [unit.unit, unit]));
  const absent: AgentState = asked.host.state === "ok" || asked.host.state === "empty" ? "not there" : "away";
  return {
    host: asked.host,
    deadman: asked.answer?.deadman,
    agents: agents.map((agent) => rowOf(agent, units.get(runningUnit(agent)), absent)),
  };
}

function rowOf(agent: AgentSpec, unit: UnitStatus | undefined, absent: AgentState): AgentRow {
  const { name, tenant, host, runtime } = agent;
  const former = runningUnit(agent) === unitName(agent) ? {} : { former: runningUnit(agent) };
  const place = { agent: name, tenant, host, runtime, lifecycle: agent.lifecycle.kind, ...former };
  const state = unit === undefined ? absent : stateOf(unit);
  if (unit === undefined || state === "not there") return { ...place, state };
  const { enabled, pid, restarts, since, status, owed, failedOver, quarantine } = unit;
  return {
    ...place,
    ...{ state, enabled, pid, restarts, since, status },
    ...processOf(agent, unit),
    ...signsOf(unit),
    ...(owed && { owed: { restart: owed.restart, within: owed.within, since: owed.since } }),
    ...(failedOver && { failedOver }),
    ...(quarantine && { quarantine }),
  };
}

/** The deadman's word counts only on what systemd says runs. */
function stateOf(unit: UnitStatus): AgentState {
  const { watched } = unit;
  const known = unitLabel(unit);
  if (known !== "running" || watched === undefined) return known;
  if (watched.health === "stale" || watched.health === "hung") return "stale";
  return watched.state === "stuck" ? "stuck" : known;
}

/** By the name that its runtime is known by, where it has that. */
function processOf({ runtime }: AgentSpec, { names = [] }: UnitStatus): Partial<AgentRow> {
  const { processes } = runtimeOf(runtime);
  const known = names.find((name) => processes.includes(name));
  const process = known ?? names[0];
  if (process === undefined) return {};
  const isOther = processes.length > 0 && known === undefined;
  return { process, ...(isOther && { otherProcess: true }) };
}

function signsOf({ watched }: UnitStatus): Partial<AgentRow> {
  if (watched === undefined) return {};
  const { by, state: beat, age, task, problem, paused } = watched;
  return {
    ...(by !== "none" && { silent: Math.round(age) }),
    ...(beat && { beat }),
    ...(task && { task }),
    ...(problem && { problem }),
    ...(paused && { paused }),
  };
}
