import type { WatchedAgent } from "../../model/deadman.ts";
import { type Former, formerLabel } from "../../model/former-unit.ts";
import { agentOfUnit } from "../../model/host-paths.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { versionOfInstallation } from "../../model/installation.ts";
import type { RepeatedRepair } from "../../model/ledger.ts";
import type { PsAnswer, PsRequest, UnitStatus } from "../../model/protocol.ts";
import { agentOf } from "../../model/resource-id.ts";
import { shown } from "../../model/shorten-for-display.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { readFailedHandoffs } from "../handoff/waiting-file.ts";
import { readRepeatedRepairs } from "../store/ledgers.ts";
import { readRecords } from "../store/records.ts";
import { deadmanState, readView } from "../units/deadman-view-file.ts";
import { readDeferredRestart } from "../units/deferred-restarts.ts";
import { observeFormerKeys, withoutHashes } from "../units/former-keys-in-use.ts";
import { formerUnitStates } from "../units/former-units.ts";
import { declaredIdentity } from "../units/identity-digest.ts";
import { readKeyboardHolder } from "../units/keyboard.ts";
import { readPendingPause } from "../units/pause.ts";
import { failedOver } from "../units/provider-override.ts";
import { readPause, readQuarantine } from "../units/quarantine.ts";
import { runningInstallation } from "../units/running-installation.ts";
import { showUnits, type UnitState } from "../units/systemctl.ts";
import { paneNames } from "../units/tmux-pane.ts";
import { waitingForTurn } from "../units/turns.ts";
import { findUnmanaged, usersIn } from "../unmanaged/find-unmanaged.ts";
import { readExpiredLogins } from "./expired-logins.ts";
import { unitMemory } from "./unit-memory.ts";

/**
 * Returns the current state of each requested unit, as systemd and the deadman know it.
 *
 * @param users the users to check if the request asks for unmanaged entries; if absent, all users that Muster
 *   manages are checked
 */
export function ps(host: Host, request: PsRequest, users?: ReadonlySet<string>): PsAnswer {
  const { units, formers = [] } = request;
  const now = Number(process.hrtime.bigint() / 1000n);
  const view = readView(host);
  const agents = new Map(Object.values(view?.agents ?? {}).map((one) => [one.unit, one]));
  const services = new Map((view?.services ?? []).map((one) => [one.unit, one]));
  const states = showUnits(host, units);
  const starting = units.filter((_, i) => states[i]?.["ActiveState"] === "activating");
  const waiting = waitingForTurn(host, starting);
  const ofFormers = formers.map((former) => unitStatus(formerLabel(former), formerState(host, former), now));
  const deadman = deadmanState(host, view);
  const records = readRecords(host);
  const repeatedOf = repeatedRepairsOn(host, records);
  return {
    units: units
      .map((unit, i): UnitStatus => {
        const [watched, quarantine, deferred] = [
          agents.get(unit),
          readQuarantine(host, unit),
          readDeferredRestart(host, unit),
        ];
        const [paused, pausing] = [readPause(host, unit), readPendingPause(host, unit)];
        const checked = services.get(unit);
        const over = failedOver(host, unit);
        const status = unitStatus(unit, states[i] ?? {}, now);
        const installed = runningInstallation(host, status.pid);
        const memory = unitMemory(states[i] ?? {}, status.pid);
        const handoffs = readFailedHandoffs(host, agentOfUnit(unit));
        const names = paneNames(status.pid).map((name) => shown(name));
        return {
          ...status,
          ...(waiting.has(unit) && { isWaiting: true }),
          ...(memory !== undefined && { memory }),
          ...(names.length > 0 && { names }),
          ...(installed && { version: versionOfInstallation(installed.name) }),
          ...(watched && { watched }),
          ...(checked && { checked }),
          ...(deferred && { owed: deferred }),
          ...(over && { failedOver: over }),
          ...(handoffs && { handoffs }),
          ...(quarantine && { quarantine }),
          ...(paused && { paused }),
          ...(pausing && { pausing }),
          ...ofAgent(host, agentOfUnit(unit), repeatedOf),
          ...identityOf(host, agentOfUnit(unit), watched),
          ...credentialsOf(host, agentOfUnit(unit), records),
        };
      })
      .concat(ofFormers),
    ...(deadman && { deadman }),
    ...(request.unmanaged && { unmanaged: unmanagedEntries(host, records, users) }),
  };
}

/** Returns what the host knows about an agent besides its unit. */
function ofAgent(
  host: Host,
  agent: string | undefined,
  repeatedOf: (agent: string) => RepeatedRepair[],
): Pick<UnitStatus, "keyboard" | "repeated"> {
  if (agent === undefined) return {};
  const keyboard = readKeyboardHolder(host, agent);
  const repeated = repeatedOf(agent);
  return { ...(keyboard && { keyboard }), ...(repeated.length > 0 && { repeated }) };
}

/** Returns whether the running conversation of an agent has another identity than the one that `up` has written last. */
function identityOf(
  host: Host,
  agent: string | undefined,
  watched: WatchedAgent | undefined,
): Pick<UnitStatus, "isIdentityOld"> {
  if (agent === undefined || watched?.identity === undefined || watched.health === "down") return {};
  const declared = declaredIdentity(host, agent);
  return declared !== undefined && declared !== watched.identity ? { isIdentityOld: true } : {};
}

/** Returns what the host knows about the credentials of an agent, without their values. */
function credentialsOf(
  host: Host,
  agent: string | undefined,
  records: readonly HostRecord[],
): Pick<UnitStatus, "formerKeys" | "expiredLogins"> {
  if (agent === undefined) return {};
  const formerKeys = withoutHashes(observeFormerKeys(host, agent, records));
  const own = records.filter(({ id }) => agentOf(id) === agent);
  const expiredLogins = own.flatMap(({ items }) => readExpiredLogins(host, items));
  return {
    ...(formerKeys.length > 0 && { formerKeys }),
    ...(expiredLogins.length > 0 && { expiredLogins }),
  };
}

/** Returns a function that reads the repeated repairs of one agent from the ledgers of the agent's resources. */
function repeatedRepairsOn(host: Host, records: readonly HostRecord[]): (agent: string) => RepeatedRepair[] {
  const ids = records.map(({ id }) => id);
  const byAgent = Map.groupBy(ids, (id) => agentOf(id) ?? "");
  return (agent) => readRepeatedRepairs(host, byAgent.get(agent) ?? []);
}

function unmanagedEntries(
  host: Host,
  records: readonly HostRecord[],
  users: ReadonlySet<string> | undefined,
): Unmanaged[] {
  const accounts = readAccounts(host.paths.etc);
  return findUnmanaged(host, accounts, users ?? usersIn(records), records, users === undefined);
}

/**
 * Returns the state of a former unit, or nothing if the state cannot be read, so that the other agents are still
 * listed.
 */
function formerState(host: Host, former: Former): UnitState {
  try {
    return formerUnitStates(host, [former])[0] ?? {};
  } catch {
    return {};
  }
}

/**
 * Converts systemd's properties to a unit's status.
 *
 * @param now microseconds of the monotonic clock, which systemd also uses
 */
export function unitStatus(unit: string, state: UnitState, now: number): UnitStatus {
  const changed = Number(state["StateChangeTimestampMonotonic"] ?? 0);
  const isAbsent = state["LoadState"] === "not-found";
  return {
    unit,
    state: isAbsent ? "absent" : (state["ActiveState"] ?? "unknown"),
    sub: state["SubState"] ?? "",
    enabled: state["UnitFileState"] ?? "",
    pid: Number(state["MainPID"] ?? 0),
    restarts: Number(state["NRestarts"] ?? 0),
    since: changed === 0 ? 0 : Math.max(0, Math.floor((now - changed) / 1e6)),
    status: state["StatusText"] ?? "",
  };
}
