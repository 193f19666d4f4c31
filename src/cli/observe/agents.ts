import { expiringOf } from "../../config/expiring-credentials.ts";
import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { DeferredRestart } from "../../model/deadman.ts";
import type { PsAnswer, PsRequest, UnitStatus } from "../../model/protocol.ts";
import { isRecurring } from "../../model/recurrence.ts";
import { runningFormer, runningUnit, unitName } from "../../resources/unit-names.ts";
import { runtimeOf } from "../../runtimes/registry.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import type { AgentFacts, AgentState } from "./agent-facts.ts";
import { type AgentFlag, codesOfFlags, flagsOf } from "./agent-flags.ts";
import { type HostReport, isUnexpectedlyUnreachable } from "./fleet-report.ts";
import { type HostAnswer, stateWithoutAnswer } from "./query-all-hosts.ts";
import { keptStopped, unitLabel } from "./unit-label.ts";

/** One row of `fleet ps`. */
export interface AgentRow extends AgentFacts {
  /** The facts about the agent that a person should notice. */
  readonly flags: readonly AgentFlag[];
}

export interface AgentsReport {
  /** The hosts on which the deadman should be watching but is silent. */
  readonly unwatched: readonly string[];
  readonly hosts: readonly HostReport[];
  readonly agents: readonly AgentRow[];
}

/** One host's answer about its agents. */
export type AgentsAnswer = HostAnswer<AgentSpec, PsAnswer>;

/** Observes every selected agent on its host. */
export async function observeAgents(
  fleet: Fleet,
  selection: Selection,
  open: OpenHost,
): Promise<AgentsReport> {
  const groups = [...selectedAgents(fleet, selection)];
  const answers = groups.map(([host, agents]) => observeAgentsOn(fleet, host, agents, open));
  return agentsReport(fleet, await Promise.all(answers));
}

/** Returns the selected agents by host. */
export function selectedAgents(fleet: Fleet, selection: Selection): ReadonlyMap<string, AgentSpec[]> {
  const agents = Object.values(fleet.agents).filter((agent) => isAgentSelected(agent, selection));
  return Map.groupBy(agents, ({ host }) => host);
}

/** Queries one host about its agents. A host that does not answer is not an error; the result contains the reason. */
export async function observeAgentsOn(
  fleet: Fleet,
  host: string,
  agents: readonly AgentSpec[],
  open: OpenHost,
): Promise<AgentsAnswer> {
  return {
    ...(await queryHost(fleet, host, open, (reader) => reader.ps(requestFor(agents)))),
    things: agents,
  };
}

/** Returns the report about hosts that have been queried. */
export function agentsReport(fleet: Fleet, answers: readonly AgentsAnswer[]): AgentsReport {
  return {
    hosts: answers.map(({ host }) => host),
    agents: answers.flatMap((answer) => rowsOf(fleet, answer)),
    unwatched: answers.flatMap(({ host, answer }) => (answer?.deadman === "silent" ? [host.host] : [])),
  };
}

/**
 * Returns the request for a host. It always queries the system units, and queries other units and sessions only if
 * there are any.
 */
function requestFor(agents: readonly AgentSpec[]): PsRequest {
  const formers = agents.flatMap((agent) => {
    const former = runningFormer(agent);
    return former?.manager === undefined ? [] : [{ agent, former }];
  });
  const units = agents.filter((one) => !formers.some(({ agent }) => agent === one)).map(runningUnit);
  const asked = { op: "ps", units, unmanaged: true } as const;
  return formers.length === 0 ? asked : { ...asked, formers: formers.map(({ former }) => former) };
}

/** Returns all exit codes that apply to `fleet ps`. */
export function codesOfPs({ agents, hosts }: AgentsReport): ExitCode[] {
  return [...codesOfFlags(agents.flatMap(({ flags }) => flags)), ...codesOfAgents({ hosts })];
}

/** Returns the exit codes for hosts that did not answer. */
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

function rowsOf(fleet: Fleet, { host, things, answer }: AgentsAnswer): AgentRow[] {
  const units = new Map(answer?.units.map((unit) => [unit.unit, unit]));
  return things.map((agent) => {
    const unmanaged = (answer?.unmanaged ?? []).filter(({ user }) => user === agent.user);
    const row = {
      ...rowOf(fleet, agent, units.get(runningUnit(agent)), stateWithoutAnswer(host)),
      ...(host.state === "empty" && { isHostEmpty: true as const }),
      ...(unmanaged.length > 0 && { unmanaged: unmanaged.map(({ kind, name }) => `${kind} ${name}`) }),
    };
    return { ...row, flags: flagsOf(row) };
  });
}

function rowOf(fleet: Fleet, agent: AgentSpec, unit: UnitStatus | undefined, absent: AgentState): AgentFacts {
  const { name, tenant, host, runtime } = agent;
  const former = runningUnit(agent) === unitName(agent) ? {} : { former: runningUnit(agent) };
  const declared = {
    runtime,
    ...modelOf(agent, unit),
    ...pinnedVersion(fleet, agent),
    ...expiringIn(fleet, agent),
  };
  const place = { agent: name, tenant, host, ...declared, lifecycle: agent.lifecycle.kind, ...former };
  const state = unit === undefined ? absent : stateOf(unit);
  if (unit === undefined || state === "not there") return { ...place, state };
  const {
    enabled,
    pid,
    restarts,
    since,
    status,
    owed,
    failedOver,
    handoffs,
    pausing,
    memory,
    version,
    keyboard,
  } = unit;
  return {
    ...place,
    ...{ state, enabled, pid, restarts, since, status },
    ...(unit.sub === "auto-restart" && { isRestarting: true }),
    ...(memory !== undefined && { memory }),
    ...(version !== undefined && { version }),
    ...processOf(agent, unit),
    ...signsOf(unit),
    ...loginOf(agent, unit),
    ...(owed && { owed: withoutRun(owed) }),
    ...(handoffs && { handoffs }),
    ...(pausing && { pausing }),
    ...(failedOver && { failedOver }),
    ...(keyboard && { keyboard }),
    ...(unit.isIdentityOld && { identityOld: agent.onIdentityChange }),
    ...(unit.isWaiting && { isWaiting: true }),
    ...(unit.formerKeys && { formerKeys: unit.formerKeys }),
    ...(unit.expiredLogins && { expiredLogins: unit.expiredLogins }),
    ...recurringOf(fleet, unit),
    ...keptStopped(unit),
  };
}

function recurringOf({ recurrence }: Fleet, { repeated = [] }: UnitStatus): Pick<AgentFacts, "recurring"> {
  const recurring = repeated
    .filter((one) => isRecurring(one, recurrence.within))
    .map(({ id, item, property, repairs }) => ({ id, item, property, repairs: repairs.length }));
  return recurring.length === 0 ? {} : { recurring };
}

/** Returns the declared model, which depends on the provider that the agent currently uses. */
function modelOf({ model, failover }: AgentSpec, unit: UnitStatus | undefined): Pick<AgentFacts, "model"> {
  const current = unit?.failedOver?.provider;
  const choice = failover?.choices.find(({ provider }) => provider === current)?.model ?? model;
  const text = choice.model ?? choice.provider;
  return text === undefined ? {} : { model: text };
}

function pinnedVersion(fleet: Fleet, { pinned }: AgentSpec): Pick<AgentFacts, "pinned"> {
  const spec = pinned === undefined ? undefined : fleet.runtimes[pinned];
  return spec === undefined ? {} : { pinned: spec.pinned.version };
}

function expiringIn({ credentials }: Fleet, agent: AgentSpec): Pick<AgentFacts, "expiring"> {
  const expiring = expiringOf(agent.credentials.map((name) => credentials[name]));
  return expiring.length === 0 ? {} : { expiring };
}

function withoutRun({ run: _, ...owed }: DeferredRestart): NonNullable<AgentFacts["owed"]> {
  return owed;
}

/** Returns an agent's state. Uses the deadman's reports only if systemd reports that the unit is running. */
function stateOf(unit: UnitStatus): AgentState {
  const { watched } = unit;
  const known = unitLabel(unit);
  if (known !== "running" || watched === undefined) return known;
  if (watched.health === "stale" || watched.health === "hung") return "stale";
  return watched.state === "stuck" ? "stuck" : known;
}

/** Returns the process in the agent's pane. Prefers a process of the agent's runtime. */
function processOf({ runtime }: AgentSpec, { names = [] }: UnitStatus): Partial<AgentFacts> {
  const { processes } = runtimeOf(runtime);
  const known = names.find((name) => processes.includes(name));
  const process = known ?? names[0];
  if (process === undefined) return {};
  const isOther = processes.length > 0 && known === undefined;
  return { process, ...(isOther && { otherProcess: true }) };
}

/** Whether the dialog for which an agent waits is a login of its runtime. */
function loginOf({ runtime }: AgentSpec, { watched }: UnitStatus): Pick<AgentFacts, "login"> {
  const dialogs = runtimeOf(runtime).conversation?.dialogs ?? [];
  const isLogin = dialogs.some(({ text, is }) => is === "login" && watched?.blocked?.includes(text));
  return isLogin ? { login: true } : {};
}

function signsOf({ watched }: UnitStatus): Partial<AgentFacts> {
  if (watched === undefined) return {};
  const { by, state: beat, stateFor, age, task, blocked, problem, held } = watched;
  return {
    ...(by !== "none" && { silent: Math.round(age) }),
    ...(beat && { beat }),
    ...(stateFor !== undefined && { beatFor: Math.round(stateFor) }),
    ...(task && { task }),
    ...(blocked && { blocked }),
    ...(problem && { problem }),
    ...(held && { held }),
  };
}
