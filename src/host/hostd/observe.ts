import { type HealthCheck, isHealthCheck } from "../../model/health-check.ts";
import { agentUnit, providerFile } from "../../model/host-paths.ts";
import type { AccountLimits } from "../../model/limits.ts";
import { type Accounts, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { type Answered, newProber } from "../probes/prober.ts";
import { readOwn } from "../store/state-files.ts";
import { reasonOf } from "../system/error-reason.ts";
import { monotonic } from "../units/deadman-view-file.ts";
import { clearDeferredRestart, readDeferredRestarts } from "../units/deferred-restarts.ts";
import type { Reading, Stamped } from "../units/heartbeat-file.ts";
import { endOf, readLastRun } from "../units/last-run.ts";
import { observeUnits, type Unit } from "../units/observe-units.ts";
import { readPendingPauses } from "../units/pause.ts";
import { readPolicies, readServices, type WatchedUnit } from "../units/policies.ts";
import { linkedOverride, loadedOverride } from "../units/provider-override.ts";
import { readPause, unitsKeptStopped } from "../units/quarantine.ts";
import { readHeartbeat } from "../units/read-heartbeat.ts";
import { NO_RULES, readLimits } from "../usage/limits-file.ts";
import type { AccountsSnapshot } from "./account-limits.ts";
import { newConversationTracker } from "./conversation-tracker.ts";
import type { AgentSnapshot, OverrideState } from "./decision-step.ts";
import { newDialogTracker } from "./dialog-tracker.ts";
import { readHolds } from "./holds.ts";
import { newIdleTracker } from "./idle-tracker.ts";
import { newLostTurnTracker } from "./lost-turns.ts";
import type { ProviderSnapshot } from "./provider-health.ts";
import { withTerminal } from "./terminal-signs.ts";
import type { UsageAgent, UsageWatch } from "./usage-watch.ts";

/** Observes the host for the deadman, and keeps the results until the next query of systemd. */
export interface HostObserver {
  /**
   * Queries systemd, and reads the files that `up` and people may have changed.
   *
   * @param agents the agents with units to query, because each query takes time; if absent, the
   * units of all agents are queried
   */
  refresh(agents?: ReadonlySet<string>): void;
  /** Returns the agents with a unit that was starting or stopping at the last query. */
  changingAgents(): readonly string[];
  /** Returns the current state. @param isFresh whether `refresh` has just been called */
  snapshot(isFresh: boolean): {
    known: readonly string[];
    agents: Readonly<Record<string, AgentSnapshot>>;
    providers: Readonly<Record<string, ProviderSnapshot>>;
    accounts: AccountsSnapshot;
  };
}

/** @param usage what is known about the usage of the agents */
export function observeHost(host: Host, usage: UsageWatch): HostObserver {
  let policies: ReadonlyMap<string, WatchedUnit> = new Map();
  let units: ReadonlyMap<string, Unit> = new Map();
  let accounts: Accounts | undefined;
  let checks: ReadonlyMap<string, HealthCheck> = new Map();
  let rules: AccountLimits = NO_RULES;
  const readings = new Map<string, Stamped>();
  const runs = new Map<string, KnownRun>();
  const prober = newProber();
  const idleTracker = newIdleTracker();
  const dialogTracker = newDialogTracker();
  const conversationTracker = newConversationTracker(host);
  const lostTurnTracker = newLostTurnTracker();

  let isQueried: (agent: string) => boolean = () => true;

  const refresh = (agents?: ReadonlySet<string>) => {
    policies = new Map([...readPolicies(host), ...readServices(host)]);
    checks = readProviders(host, policies);
    rules = readLimits(host);
    accounts = readAccounts(host.paths.etc);
    isQueried = (agent) => agents === undefined || agents.has(agent);
    const watched = [...policies.values()];
    const queried = new Set(watched.filter(({ agent }) => isQueried(agent)).map(({ unit }) => unit));
    // The state of a unit without a policy is not kept, because a later agent
    // with the same name has a new unit.
    const kept = watched.flatMap(({ unit }) => {
      const known = queried.has(unit) ? undefined : units.get(unit);
      return known === undefined ? [] : [[unit, known] as const];
    });
    units = new Map([...kept, ...unitsOf(host, [...queried])]);
    clearDoneRestarts(host, units);
  };
  const changingAgents = () =>
    [...policies.values()].filter(({ unit }) => isChanging(units.get(unit))).map(({ agent }) => agent);
  const snapshot = (isFresh: boolean) => {
    const keptStopped = unitsKeptStopped(host);
    const holds = readHolds(host);
    const deferredRestarts = readDeferredRestarts(host);
    const pendingPauses = readPendingPauses(host);
    const answers = prober.poll(new Map([...checks, ...checksOf(policies, units)]), monotonic());
    const agents: Record<string, AgentSnapshot> = {};
    usage.poll(usageAgents(policies, units), monotonic());
    const hasLimits =
      rules.budgets.length > 0 || [...policies.keys()].some((name) => usage.evidenceOf(name)?.refusal);
    for (const [name, policy] of policies) {
      const unit = units.get(policy.unit);
      if (unit === undefined) continue;
      const account = accounts?.users.get(unit.user);
      const heartbeat = readHeartbeat(policy, unit, account, readings.get(name));
      readings.set(name, heartbeat);
      const reading = withTerminal(heartbeat.reading, policy, unit, account);
      const question = dialogTracker.questionOf(policy, unit, account, monotonic()) ?? waitsFor(reading);
      const conversation = conversationTracker.viewOf(policy, unit, account, monotonic());
      const lostTurns = lostTurnTracker.lostTurns(policy, unit, account, monotonic());
      const isQuarantined = keptStopped.has(policy.unit);
      const age = unit.state === "up" ? monotonic() - unit.upSince : 0;
      const held = holds(policy);
      const deferred = deferredRestarts.get(policy.unit);
      const pause = pendingPauses.get(policy.unit);
      const check = answers.get(checkName(policy, unit));
      const evidence = usage.evidenceOf(name);
      const idle = () => idleTracker.isIdle(policy, unit, reading, monotonic());
      agents[name] = {
        ...{ policy, unit, age, reading, isQuarantined, held },
        pid: unit.pid,
        isFresh: isFresh && isQueried(policy.agent),
        ...(check && { check }),
        ...(question !== undefined && { question }),
        ...(conversation && { conversation }),
        ...(evidence && { evidence }),
        ...(hasLimits && policy.service === undefined && { isIdle: idle() }),
        ...(isQuarantined && parkOf(host, policy.unit)),
        ...(lostTurns.length > 0 && { lostTurns }),
        ...endIfNew(runs, name, unit),
        ...(policy.failover && { override: overrideState(host, policy.unit, unit) }),
        ...(deferred?.restart === "when-idle" && {
          deferred: {
            within: deferred.within,
            isIdle: idle(),
          },
        }),
        ...(pause && {
          pausing: { ...pause, isIdle: idle() },
        }),
      };
    }
    const providers = [...checks].map(
      ([name, check]) => [name, providerSnapshot(check, answers.get(name))] as const,
    );
    return {
      known: [...policies.keys()],
      agents,
      providers: Object.fromEntries(providers),
      accounts: { rules, usage: usage.month(), now: Date.now() },
    };
  };
  return { refresh, changingAgents, snapshot };
}

/** Returns the agents whose usage is read. */
function usageAgents(
  policies: ReadonlyMap<string, WatchedUnit>,
  units: ReadonlyMap<string, Unit>,
): UsageAgent[] {
  return [...policies].flatMap(([name, { service, unit }]) => {
    const known = units.get(unit);
    if (service !== undefined || known === undefined) return [];
    return [{ name, user: known.user, pid: known.state === "up" ? known.pid : 0 }];
  });
}

function parkOf(host: Host, unit: string): Pick<AgentSnapshot, "parked"> {
  const { since, park, reason = "" } = readPause(host, unit) ?? {};
  return since === undefined || park === undefined ? {} : { parked: { ...park, since, reason } };
}

/** The state of an agent's unit at the previous snapshot. */
interface KnownRun {
  readonly now: string;
  readonly upSince: number;
}

/** Describes how an agent's program has ended, if its run is new or has just ended. */
function endIfNew(runs: Map<string, KnownRun>, name: string, unit: Unit): Pick<AgentSnapshot, "end"> {
  const known = runs.get(name);
  const now = `${unit.run} ${unit.state}`;
  if (known?.now === now) return {};
  runs.set(name, { now, upSince: unit.upSince });
  return known === undefined ? {} : endOfAgent(name, monotonic() - known.upSince);
}

/** @param within the number of seconds since the start of the run that has ended */
function endOfAgent(name: string, within: number): Pick<AgentSnapshot, "end"> {
  const last = readLastRun(agentUnit(name), within);
  if (last === undefined) return {};
  const line = last.lines.at(-1);
  return { end: `its program ended ${endOf(last)}${line === undefined ? "" : `: ${line}`}` };
}

/** Returns what an agent waits for, if the agent itself reports that it waits for a person. */
function waitsFor({ state, task }: Reading): string | undefined {
  return state === "blocked" ? (task ?? "it waits for an answer") : undefined;
}

function isChanging(unit: Unit | undefined): boolean {
  return unit?.state === "moving" || unit?.state === "ended";
}

/** Returns the checks of all services that are up. Each run of a unit has its own check. */
function checksOf(policies: ReadonlyMap<string, WatchedUnit>, units: ReadonlyMap<string, Unit>) {
  const checks = [...policies.values()].flatMap((policy): [string, HealthCheck][] => {
    const unit = units.get(policy.unit);
    const { health } = policy.service ?? {};
    return health === undefined || unit?.state !== "up" ? [] : [[checkName(policy, unit), health]];
  });
  return new Map(checks);
}

function checkName({ agent }: WatchedUnit, { run }: Unit): string {
  return `${agent} ${run}`;
}

function providerSnapshot(check: HealthCheck, answered: Answered | undefined): ProviderSnapshot {
  return { check, ...(answered && { answered }) };
}

function overrideState(host: Host, name: string, { dropIns }: Unit): OverrideState {
  const [linked, loaded] = [linkedOverride(host, name), loadedOverride(name, dropIns)];
  return { ...(linked && { linked }), ...(loaded && { loaded }) };
}

/**
 * Deletes the deferred restarts of units that have restarted or stopped since then, because their current or
 * next run has the new configuration.
 */
function clearDoneRestarts(host: Host, units: ReadonlyMap<string, Unit>): void {
  for (const [name, { run }] of readDeferredRestarts(host)) {
    const unit = units.get(name);
    if (unit !== undefined && (unit.run !== run || unit.state === "down")) clearDeferredRestart(host, name);
  }
}

/**
 * Queries systemd about units. While systemd does not respond, the state of no unit is known, so the deadman takes no
 * action.
 */
function unitsOf(host: Host, names: readonly string[]): ReadonlyMap<string, Unit> {
  try {
    return observeUnits(host, names);
  } catch (error) {
    process.stderr.write(`systemd did not answer: ${reasonOf(error)}\n`);
    return new Map();
  }
}

/**
 * Reads the health checks of the providers that this host's agents can use. The platform's `up` has written
 * the files with these checks.
 */
function readProviders(
  { paths }: Host,
  policies: ReadonlyMap<string, WatchedUnit>,
): ReadonlyMap<string, HealthCheck> {
  const names = new Set([...policies.values()].flatMap(({ failover }) => failover?.providers ?? []));
  return new Map(
    [...names].flatMap((name) => checkIn(providerFile(name, paths.hostd)).map((check) => [name, check])),
  );
}

/** Reads one health check. An invalid file is skipped; the next `up` rewrites it. */
function checkIn(path: string): HealthCheck[] {
  try {
    const check: unknown = JSON.parse(readOwn(path)?.toString("utf8") ?? "");
    return isHealthCheck(check) ? [check] : [];
  } catch {
    return [];
  }
}
