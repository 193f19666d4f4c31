import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { BeatState, DeferredRestart, Lifecycle } from "../../model/deadman.ts";
import type { FailedOver } from "../../model/failover.ts";
import type { PsAnswer, UnitStatus } from "../../model/protocol.ts";
import { runningUnit, unitName } from "../../resources/unit-names.ts";
import { type RuntimeKind, runtimeOf } from "../../runtimes/registry.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { OpenHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { type HostAnswer, observeByHost, stateWithoutAnswer } from "./by-host.ts";
import { type HostReport, isMissed } from "./fleet-report.ts";
import { type UnitLabel, unitLabel } from "./unit-label.ts";

/** `away`: nothing is known, because its host gave no answer. `stuck`: it reports so itself. `stale`: it shows no sign of life. */
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
  /** Set where its runtime has no such process. */
  readonly otherProcess?: true;
  /** The unit that ran it before Muster, where that unit still runs it. */
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
  /** Why the deadman does nothing about it. */
  readonly paused?: string;
  /** Set where it still runs as it was declared before. */
  readonly owed?: Pick<DeferredRestart, "restart" | "within" | "since">;
  /** The provider that it should run on, where that is not its first, and since when. */
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
  const answers = await observeByHost(fleet, open, agents, (reader, own) =>
    reader.ps({ op: "ps", units: own.map(runningUnit) }),
  );
  return {
    hosts: answers.map(({ host }) => host),
    agents: answers.flatMap(rowsOf),
    unwatched: answers.flatMap(({ host, answer }) => (answer?.deadman === "silent" ? [host.host] : [])),
  };
}

/** Every exit code that holds for what was found. */
export function codesOfAgents({ hosts }: Pick<AgentsReport, "hosts">): ExitCode[] {
  const failed = hosts.some((host) => host.state === "failed");
  return [...(failed ? [EXIT.failure] : []), ...(hosts.some(isMissed) ? [EXIT.unreachable] : [])];
}

/** Whether a selection covers an agent. */
export function isAgentSelected(agent: AgentSpec, { host, tenant, slice }: Selection): boolean {
  const only = slice?.kind === "tenant" ? slice.tenant : agent.tenant;
  return (
    (host === undefined || agent.host === host) &&
    (tenant === undefined || agent.tenant === tenant) &&
    agent.tenant === only
  );
}

function rowsOf({ host, things, answer }: HostAnswer<AgentSpec, PsAnswer>): AgentRow[] {
  const units = new Map(answer?.units.map((unit) => [unit.unit, unit]));
  return things.map((agent) => rowOf(agent, units.get(runningUnit(agent)), stateWithoutAnswer(host)));
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

/** What the deadman reports counts only for a unit that runs, as systemd has it. */
function stateOf(unit: UnitStatus): AgentState {
  const { watched } = unit;
  const known = unitLabel(unit);
  if (known !== "running" || watched === undefined) return known;
  if (watched.health === "stale" || watched.health === "hung") return "stale";
  return watched.state === "stuck" ? "stuck" : known;
}

/** The process in its pane; one that its runtime knows, where there is one. */
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
