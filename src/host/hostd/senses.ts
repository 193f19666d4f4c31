import type { HealthCheck } from "../../model/health.ts";
import { type Accounts, readAccounts } from "../accounts.ts";
import type { Host } from "../context.ts";
import { allOwed, settleOwed } from "../owed.ts";
import { newProber } from "../probes/prober.ts";
import { unitsInQuarantine } from "../quarantine.ts";
import { reasonOf } from "../reason.ts";
import type { Stamped } from "./beat-file.ts";
import { isIdle } from "./idle.ts";
import { readPauses } from "./pauses.ts";
import { readPolicies, readServices } from "./policies.ts";
import { readSign } from "./readings.ts";
import type { Charge, Seen } from "./turn.ts";
import { lookAtUnits, type Unit } from "./units.ts";
import { monotonic } from "./view.ts";

/** What the deadman knows of its host between two looks. */
export interface Senses {
  /** Asks systemd, and reads what `up` and people may have changed. */
  look(): void;
  /** What holds now. @param isFresh whether `look` was just called */
  see(isFresh: boolean): { known: readonly string[]; agents: Readonly<Record<string, Seen>> };
}

export function sensesOf(host: Host): Senses {
  let policies: ReadonlyMap<string, Charge> = new Map();
  let units: ReadonlyMap<string, Unit> = new Map();
  let accounts: Accounts | undefined;
  const readings = new Map<string, Stamped>();
  const prober = newProber();

  const look = () => {
    policies = new Map([...readPolicies(host), ...readServices(host)]);
    accounts = readAccounts(host.paths.etc);
    units = unitsOf(host, policies);
    forgetWhatRunsAnew(host, units);
  };
  const see = (isFresh: boolean) => {
    const held = unitsInQuarantine(host);
    const pauses = readPauses(host);
    const debts = allOwed(host);
    const checks = prober.see(checksOf(policies, units), monotonic());
    const agents: Record<string, Seen> = {};
    for (const [name, policy] of policies) {
      const unit = units.get(policy.unit);
      if (unit === undefined) continue;
      const sign = readSign(policy, unit, accounts?.users.get(unit.user), readings.get(name));
      readings.set(name, sign);
      const isQuarantined = held.has(policy.unit);
      const age = unit.state === "up" ? monotonic() - unit.upSince : 0;
      const paused = pauses(policy);
      const owed = debts.get(policy.unit);
      const check = checks.get(checkName(policy, unit));
      agents[name] = {
        ...{ policy, unit, age, reading: sign.reading, isQuarantined, paused, isFresh },
        ...(check && { check }),
        ...(owed?.restart === "when-idle" && {
          owed: { within: owed.within, isIdle: isIdle(sign.reading, unit.pid) },
        }),
      };
    }
    return { known: [...policies.keys()], agents };
  };
  return { look, see };
}

/** The checks of all services that are up. Of another run of a unit nothing is known yet. */
function checksOf(policies: ReadonlyMap<string, Charge>, units: ReadonlyMap<string, Unit>) {
  const checks = [...policies.values()].flatMap((policy): [string, HealthCheck][] => {
    const unit = units.get(policy.unit);
    const { health } = policy.service ?? {};
    return health === undefined || unit?.state !== "up" ? [] : [[checkName(policy, unit), health]];
  });
  return new Map(checks);
}

function checkName({ agent }: Charge, { run }: Unit): string {
  return `${agent} ${run}`;
}

/** What was started since, whoever did it, has read what is declared now. */
function forgetWhatRunsAnew(host: Host, units: ReadonlyMap<string, Unit>): void {
  for (const [name, { run }] of allOwed(host)) {
    const unit = units.get(name);
    if (unit !== undefined && (unit.run !== run || unit.state === "down")) settleOwed(host, name);
  }
}

/** While systemd does not answer, nothing is known of any unit, and nothing is done to one. */
function unitsOf(host: Host, policies: ReadonlyMap<string, Charge>): ReadonlyMap<string, Unit> {
  try {
    return lookAtUnits(
      host,
      [...policies.values()].map(({ unit }) => unit),
    );
  } catch (error) {
    process.stderr.write(`systemd did not answer: ${reasonOf(error)}\n`);
    return new Map();
  }
}
