import { type HealthCheck, isHealthCheck } from "../../model/health.ts";
import { providerFile } from "../../model/host-paths.ts";
import { type Accounts, readAccounts } from "../accounts/accounts.ts";
import type { Host } from "../context.ts";
import { type Answered, newProber } from "../probes/prober.ts";
import { readOwn } from "../store/files.ts";
import { reasonOf } from "../system/error-reason.ts";
import { clearDeferredRestart, readDeferredRestarts } from "../units/deferred-restarts.ts";
import type { Stamped } from "../units/heartbeat-file.ts";
import { observeUnits, type Unit } from "../units/observe-units.ts";
import { readPolicies, readServices, type WatchedUnit } from "../units/policies.ts";
import { linkedOverride, loadedOverride } from "../units/provider-override.ts";
import { monotonic } from "../units/published-view.ts";
import { unitsInQuarantine } from "../units/quarantine.ts";
import { isIdle, readHeartbeat } from "../units/read-heartbeat.ts";
import { readPauses } from "./pauses.ts";
import type { ProviderSnapshot } from "./provider-health.ts";
import type { AgentSnapshot, OverrideState } from "./types.ts";

/** What the deadman knows of its host between two looks. */
export interface HostObserver {
  /**
   * Asks systemd, and reads what `up` and people may have changed.
   *
   * @param agents who is asked about, which costs for each; left out: all
   */
  look(agents?: ReadonlySet<string>): void;
  /** Whose unit was on its way up or down when it was last asked about. */
  onTheirWay(): readonly string[];
  /** What holds now. @param isFresh whether `look` was just called */
  see(isFresh: boolean): {
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

  let isAsked: (agent: string) => boolean = () => true;

  const look = (agents?: ReadonlySet<string>) => {
    policies = new Map([...readPolicies(host), ...readServices(host)]);
    checks = readProviders(host, policies);
    accounts = readAccounts(host.paths.etc);
    isAsked = (agent) => agents === undefined || agents.has(agent);
    const [asked, others] = [[...policies.values()], [...units]];
    const names = asked.filter(({ agent }) => isAsked(agent)).map(({ unit }) => unit);
    units = new Map([...others.filter(([name]) => !names.includes(name)), ...unitsOf(host, names)]);
    forgetWhatRunsAnew(host, units);
  };
  const onTheirWay = () =>
    [...policies.values()].filter(({ unit }) => isOnItsWay(units.get(unit))).map(({ agent }) => agent);
  const see = (isFresh: boolean) => {
    const held = unitsInQuarantine(host);
    const pauses = readPauses(host);
    const debts = readDeferredRestarts(host);
    const answers = prober.see(new Map([...checks, ...checksOf(policies, units)]), monotonic());
    const agents: Record<string, AgentSnapshot> = {};
    for (const [name, policy] of policies) {
      const unit = units.get(policy.unit);
      if (unit === undefined) continue;
      const sign = readHeartbeat(policy, unit, accounts?.users.get(unit.user), readings.get(name));
      readings.set(name, sign);
      const isQuarantined = held.has(policy.unit);
      const age = unit.state === "up" ? monotonic() - unit.upSince : 0;
      const paused = pauses(policy);
      const owed = debts.get(policy.unit);
      const check = answers.get(checkName(policy, unit));
      agents[name] = {
        ...{ policy, unit, age, reading: sign.reading, isQuarantined, paused },
        isFresh: isFresh && isAsked(policy.agent),
        ...(check && { check }),
        ...(policy.failover && { choice: choiceOf(host, policy.unit, unit) }),
        ...(owed?.restart === "when-idle" && {
          owed: { within: owed.within, isIdle: isIdle(sign.reading, unit.pid) },
        }),
      };
    }
    const providers = [...checks].map(([name, check]) => [name, sightOf(check, answers.get(name))] as const);
    return { known: [...policies.keys()], agents, providers: Object.fromEntries(providers) };
  };
  return { look, onTheirWay, see };
}

function isOnItsWay(unit: Unit | undefined): boolean {
  return unit?.state === "moving" || unit?.state === "ended";
}

/** The checks of all services that are up. Of another run of a unit nothing is known yet. */
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

function sightOf(check: HealthCheck, answered: Answered | undefined): ProviderSnapshot {
  return { check, ...(answered && { answered }) };
}

function choiceOf(host: Host, name: string, { dropIns }: Unit): OverrideState {
  const [linked, loaded] = [linkedOverride(host, name), loadedOverride(name, dropIns)];
  return { ...(linked && { linked }), ...(loaded && { loaded }) };
}

/** What was started since, whoever did it, has read what is declared now. */
function forgetWhatRunsAnew(host: Host, units: ReadonlyMap<string, Unit>): void {
  for (const [name, { run }] of readDeferredRestarts(host)) {
    const unit = units.get(name);
    if (unit !== undefined && (unit.run !== run || unit.state === "down")) clearDeferredRestart(host, name);
  }
}

/** While systemd does not answer, nothing is known of any unit, and nothing is done to one. */
function unitsOf(host: Host, names: readonly string[]): ReadonlyMap<string, Unit> {
  try {
    return observeUnits(host, names);
  } catch (error) {
    process.stderr.write(`systemd did not answer: ${reasonOf(error)}\n`);
    return new Map();
  }
}

/** How the providers are probed that agents here may run on, as the platform's `up` wrote it; one without a file is not. */
function readProviders(
  { paths }: Host,
  policies: ReadonlyMap<string, WatchedUnit>,
): ReadonlyMap<string, HealthCheck> {
  const names = new Set([...policies.values()].flatMap(({ failover }) => failover?.providers ?? []));
  return new Map(
    [...names].flatMap((name) => checkIn(providerFile(name, paths.hostd)).map((check) => [name, check])),
  );
}

/** Whatever a person put in the place of one holds up nobody; `up` mends it. */
function checkIn(path: string): HealthCheck[] {
  try {
    const check: unknown = JSON.parse(readOwn(path)?.toString("utf8") ?? "");
    return isHealthCheck(check) ? [check] : [];
  } catch {
    return [];
  }
}
