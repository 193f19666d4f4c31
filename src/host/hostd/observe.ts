import { type HealthCheck, isHealthCheck } from "../../model/health.ts";
import { providerFile } from "../../model/host-paths.ts";
import { type Accounts, readAccounts } from "../accounts/accounts.ts";
import type { Host } from "../context.ts";
import { type Answered, newProber } from "../probes/prober.ts";
import { readOwn } from "../store/files.ts";
import { reasonOf } from "../system/error-reason.ts";
import { monotonic } from "../units/deadman-view.ts";
import { clearDeferredRestart, readDeferredRestarts } from "../units/deferred-restarts.ts";
import type { Stamped } from "../units/heartbeat-file.ts";
import { observeUnits, type Unit } from "../units/observe-units.ts";
import { readPolicies, readServices, type WatchedUnit } from "../units/policies.ts";
import { linkedOverride, loadedOverride } from "../units/provider-override.ts";
import { unitsInQuarantine } from "../units/quarantine.ts";
import { isIdle, readHeartbeat } from "../units/read-heartbeat.ts";
import { readPauses } from "./pauses.ts";
import type { ProviderSnapshot } from "./provider-health.ts";
import type { AgentSnapshot, OverrideState } from "./types.ts";

/** Observes the host for the deadman, and keeps what it has read between two queries of systemd. */
export interface HostObserver {
  /**
   * Queries systemd, and reads the files that `up` and people may have changed.
   *
   * @param agents the agents whose units are queried, since each query costs time; if absent, all agents
   */
  refresh(agents?: ReadonlySet<string>): void;
  /** Returns the agents whose unit was starting or stopping at the last query. */
  changingAgents(): readonly string[];
  /** Returns the current state. @param isFresh whether `refresh` has just been called */
  snapshot(isFresh: boolean): {
    known: readonly string[];
    agents: Readonly<Record<string, AgentSnapshot>>;
    providers: Readonly<Record<string, ProviderSnapshot>>;
  };
}

export function observeHost(host: Host): HostObserver {
  let policies: ReadonlyMap<string, WatchedUnit> = new Map();
  let units: ReadonlyMap<string, Unit> = new Map();
  let accounts: Accounts | undefined;
  let checks: ReadonlyMap<string, HealthCheck> = new Map();
  const readings = new Map<string, Stamped>();
  const prober = newProber();

  let isQueried: (agent: string) => boolean = () => true;

  const refresh = (agents?: ReadonlySet<string>) => {
    policies = new Map([...readPolicies(host), ...readServices(host)]);
    checks = readProviders(host, policies);
    accounts = readAccounts(host.paths.etc);
    isQueried = (agent) => agents === undefined || agents.has(agent);
    const [watched, known] = [[...policies.values()], [...units]];
    const names = watched.filter(({ agent }) => isQueried(agent)).map(({ unit }) => unit);
    units = new Map([...known.filter(([name]) => !names.includes(name)), ...unitsOf(host, names)]);
    clearDoneRestarts(host, units);
  };
  const changingAgents = () =>
    [...policies.values()].filter(({ unit }) => isChanging(units.get(unit))).map(({ agent }) => agent);
  const snapshot = (isFresh: boolean) => {
    const held = unitsInQuarantine(host);
    const pauses = readPauses(host);
    const deferredRestarts = readDeferredRestarts(host);
    const answers = prober.poll(new Map([...checks, ...checksOf(policies, units)]), monotonic());
    const agents: Record<string, AgentSnapshot> = {};
    for (const [name, policy] of policies) {
      const unit = units.get(policy.unit);
      if (unit === undefined) continue;
      const heartbeat = readHeartbeat(policy, unit, accounts?.users.get(unit.user), readings.get(name));
      readings.set(name, heartbeat);
      const isQuarantined = held.has(policy.unit);
      const age = unit.state === "up" ? monotonic() - unit.upSince : 0;
      const paused = pauses(policy);
      const deferred = deferredRestarts.get(policy.unit);
      const check = answers.get(checkName(policy, unit));
      agents[name] = {
        ...{ policy, unit, age, reading: heartbeat.reading, isQuarantined, paused },
        isFresh: isFresh && isQueried(policy.agent),
        ...(check && { check }),
        ...(policy.failover && { override: overrideState(host, policy.unit, unit) }),
        ...(deferred?.restart === "when-idle" && {
          deferred: { within: deferred.within, isIdle: isIdle(heartbeat.reading, unit.pid) },
        }),
      };
    }
    const providers = [...checks].map(
      ([name, check]) => [name, providerSnapshot(check, answers.get(name))] as const,
    );
    return { known: [...policies.keys()], agents, providers: Object.fromEntries(providers) };
  };
  return { refresh, changingAgents, snapshot };
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

/** Queries systemd about units. While systemd does not answer, no unit is known, so no action is taken. */
function unitsOf(host: Host, names: readonly string[]): ReadonlyMap<string, Unit> {
  try {
    return observeUnits(host, names);
  } catch (error) {
    process.stderr.write(`systemd did not answer: ${reasonOf(error)}\n`);
    return new Map();
  }
}

/**
 * Reads the health checks of the providers that this host's agents may use. The platform's `up` has written
 * the files.
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
