import type { Host } from "../context.ts";
import { readQuarantine } from "./quarantine.ts";
import { exitedAtOnce, notStarted } from "./start-failure.ts";
import {
  daemonReload,
  isRunning,
  showUnits,
  systemctl,
  type UnitState,
  waitForUnit,
  waitForUnits,
} from "./systemctl.ts";
import { waitingForTurn } from "./turns.ts";

/** Seconds to wait for a unit to start. After that, systemd continues in the background. */
const START_PATIENCE = 30;

/** Seconds to wait for a unit to stop before it is killed. */
const STOP_PATIENCE = 60;

/** Restarts the units that are running. @throws MusterError if a unit does not start */
export function restartIfRunning(host: Host, names: readonly string[]): void {
  for (const [i, state] of showUnits(host, names).entries()) {
    const name = names[i] ?? "";
    if (!isRunning(state)) continue;
    // A masked unit can still be running, but it cannot restart until it is unmasked.
    unmaskIfMasked(host, name, state);
    start(host, "restart", name);
  }
}

export function unitState(host: Host, name: string): UnitState {
  return showUnits(host, [name])[0] ?? {};
}

export function unmaskIfMasked(host: Host, name: string, state: UnitState): void {
  if (!/^masked/.test(state["UnitFileState"] ?? "")) return;
  systemctl(host, "unmask", "--", name);
  systemctl(host, "unmask", "--runtime", "--", name);
  daemonReload(host);
}

/**
 * Starts or restarts a unit.
 *
 * @throws MusterError with the end of the unit's journal if the unit does not run afterwards
 */
export function start(host: Host, verb: "start" | "restart", name: string): void {
  // A unit that has reached systemd's start limit does not start until its failures are reset.
  host.run("systemctl", ["reset-failed", "--", name]);
  systemctl(host, verb, "--no-block", "--", name);
  assertStarted(host, name, waitForStarts(host, [name]).get(name) ?? {});
}

/** Seconds after which a unit that has not started may be waiting for its turn. */
const SOON = 1;

/** Waits until systemd has started the units, or until they wait for their turn. @returns the last state of each unit */
export function waitForStarts(host: Host, names: readonly string[]): ReadonlyMap<string, UnitState> {
  const states = waitForUnits(host, names, SOON, hasNoJob);
  const open = names.filter((name) => !hasNoJob(states.get(name) ?? {}));
  const waiting = waitingForTurn(host, open);
  const starting = open.filter((name) => !waiting.has(name));
  return new Map([...states, ...waitForUnits(host, starting, START_PATIENCE, hasNoJob)]);
}

/**
 * Checks that a unit runs after its start.
 *
 * @throws MusterError with the end of the unit's journal if the unit does not run
 */
export function assertStarted(host: Host, name: string, state: UnitState): void {
  if (isRunning(state) && state["SubState"] !== "auto-restart") return;
  if (isDone(state)) return;
  const endedWell = state["SubState"] === "auto-restart" && state["Result"] === "success";
  // On a busy host, the deadman may already have put the unit into quarantine.
  if (endedWell || readQuarantine(host, name) !== undefined) throw exitedAtOnce(host, name);
  throw notStarted(host, name, state);
}

/** Whether a unit that does not restart has ended successfully. */
function isDone({ ActiveState, Restart, Result }: UnitState): boolean {
  return ActiveState === "inactive" && Restart === "no" && Result === "success";
}

/** Whether systemd has finished the last job of the unit. */
export function hasNoJob(state: UnitState): boolean {
  return ["", "0"].includes(state["Job"] ?? "");
}

/** Stops a unit, and kills it if it does not stop in time. */
export function stopUnit(host: Host, name: string): void {
  systemctl(host, "stop", "--no-block", "--", name);
  const state = waitForUnit(host, name, STOP_PATIENCE, isStopped);
  if (!isStopped(state)) systemctl(host, "kill", "--signal=SIGKILL", "--", name);
}

export function isStopped(state: UnitState): boolean {
  return ["inactive", "failed"].includes(state["ActiveState"] ?? "");
}
