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

/**
 * `away`: the agent's host is unreachable. `stuck`: the agent reports this itself. `stale`: it shows no sign
 * of life.
 */
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
  /** The name of the process in the agent's pane; absent if none is running. */
  readonly process?: string;
  /** Present if the process does not belong to the agent's runtime. */
  readonly otherProcess?: true;
  /** The unit that ran the agent before Muster did; absent if that unit no longer runs it. */
  readonly former?: string;
  /** systemd's UnitFileState. This field and the following ones are absent if the unit does not exist. */
  readonly enabled?: string;
  readonly pid?: number;
  readonly restarts?: number;
  /** Seconds since the unit entered its state; 0 if unknown. */
  readonly since?: number;
  /** What the agent reports about itself. */
  readonly status?: string;
  /**
   * The state in the agent's heartbeat. This field and the next four are absent if the deadman does not
   * report them.
   */
  readonly beat?: HeartbeatState;
  /** Seconds since the agent's last sign of life. */
  readonly silent?: number;
  readonly task?: string;
  /** What is wrong with the agent's heartbeat. */
  readonly problem?: string;
  /** Why the deadman does not act on the agent at present. */
  readonly paused?: string;
  /** The deferred restart; present while the agent still runs with an earlier declaration. */
  readonly owed?: Pick<DeferredRestart, "restart" | "within" | "since">;
  /** The provider that the agent should use, and since when; absent if it is the agent's first provider. */
  readonly failedOver?: FailedOver;
  /** Why the agent stays stopped, and since when; absent if it is not in quarantine. */
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

/** Returns an agent's state. The deadman's reports count only while systemd reports the unit as running. */
function stateOf(unit: UnitStatus): AgentState {
  const { watched } = unit;
  const known = unitLabel(unit);
  if (known !== "running" || watched === undefined) return known;
  if (watched.health === "stale" || watched.health === "hung") return "stale";
  return watched.state === "stuck" ? "stuck" : known;
}

/** Returns the process in the agent's pane, preferring one that belongs to its runtime. */
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
