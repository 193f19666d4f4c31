import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { DeferredRestart, HeartbeatState, Lifecycle } from "../../model/deadman.ts";
import type { FailedOver } from "../../model/failover.ts";
import type { PsAnswer, UnitStatus } from "../../model/protocol.ts";
import { runningUnit, unitName } from "../../resources/unit-names.ts";
import { type RuntimeKind, runtimeOf } from "../../runtimes/registry.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { OpenHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { type HostAnswer, observeByHost, stateWithoutAnswer } from "./by-host.ts";
import { type HostReport, isUnexpectedlyUnreachable } from "./fleet-report.ts";
import { type UnitLabel, unitLabel } from "./unit-label.ts";

/** `away`: its host is unreachable. `stuck`: it reports this itself. `stale`: it shows no sign of life. */
export type AgentState = UnitLabel | "stuck" | "stale" | "away";

export interface AgentRow {
  readonly agent: string;
  readonly tenant: string;
  readonly host: string;
  readonly state: AgentState;
  /** An ephemeral agent is started by hand and stops by itself. */
  readonly lifecycle: Lifecycle["kind"];
  /** The declared runtime. */
  readonly runtime: RuntimeKind;
  /** The name of the process in its pane. */
  readonly process?: string;
  /** Set if the process does not belong to its runtime. */
  readonly otherProcess?: true;
  /** The unit that ran it before Muster, if that unit still runs it. */
  readonly former?: string;
  /** systemd's UnitFileState. This field and the following ones are set only if the unit exists. */
  readonly enabled?: string;
  readonly pid?: number;
  readonly restarts?: number;
  /** Seconds in this state. */
  readonly since?: number;
  /** What the agent reports about itself. */
  readonly status?: string;
  /** This field and the next four come from the deadman, and are set only if the agent has a heartbeat. */
  readonly beat?: HeartbeatState;
  /** Seconds since its last sign of life. */
  readonly silent?: number;
  readonly task?: string;
  /** What is wrong with its heartbeat. */
  readonly problem?: string;
  /** Why the deadman is paused for it. */
  readonly paused?: string;
  /** Set while it still runs with an earlier declaration. */
  readonly owed?: Pick<DeferredRestart, "restart" | "within" | "since">;
  /** The provider that it should run on, if that is not its first one, and since when. */
  readonly failedOver?: FailedOver;
  /** Why it stays down, and since when. */
  readonly quarantine?: { readonly since: string; readonly reason: string };
}

export interface AgentsReport {
  /** The hosts whose deadman should be watching but is silent. */
  readonly unwatched: readonly string[];
  readonly hosts: readonly HostReport[];
  readonly agents: readonly AgentRow[];
}

/** Observes every selected agent on its host. */
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

/** Returns all exit codes that apply. */
export function codesOfAgents({ hosts }: Pick<AgentsReport, "hosts">): ExitCode[] {
  const failed = hosts.some((host) => host.state === "failed");
  return [
    ...(failed ? [EXIT.failure] : []),
    ...(hosts.some(isUnexpectedlyUnreachable) ? [EXIT.unreachable] : []),
  ];
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

/** Returns an agent's state. What the deadman reports counts only if the unit runs according to systemd. */
function stateOf(unit: UnitStatus): AgentState {
  const { watched } = unit;
  const known = unitLabel(unit);
  if (known !== "running" || watched === undefined) return known;
  if (watched.health === "stale" || watched.health === "hung") return "stale";
  return watched.state === "stuck" ? "stuck" : known;
}

/** Returns the process in its pane, preferably one that belongs to its runtime. */
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
