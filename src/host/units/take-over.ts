import { readFileSync, rmSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { type Former, formerLabel } from "../../model/former-unit.ts";
import { agentOfUnit, heartbeatFile } from "../../model/host-paths.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { record } from "../reports/history.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { hasCode, reasonOf } from "../system/error-reason.ts";
import { listFolder } from "../system/read-if-present.ts";
import { monotonic } from "./deadman-view-file.ts";
import { type FormerState, formerStates, restoreFormers } from "./former-units.ts";
import { readHeartbeatFile } from "./heartbeat-file.ts";
import { observeUnits, type Unit } from "./observe-units.ts";
import { release } from "./quarantine.ts";
import { notStarted } from "./start-failure.ts";
import { stopUnit, unitState } from "./start-stop.ts";
import { isRunning, type UnitState } from "./systemctl.ts";
import { keepSessionStart } from "./tmux-session.ts";
import { waitingForTurn } from "./turns.ts";

/**
 * Seconds for which an agent's own unit must run before the take-over succeeds. If the agent sends a heartbeat, the
 * take-over succeeds immediately.
 */
const MUST_RUN = 30;

/** Seconds after which a take-over fails even if the unit is still starting or restarting. */
const PATIENCE = 90;

/**
 * The maximum number of restarts of the unit during the take-over. One restart is allowed, because a busy host can end
 * a program.
 */
const MOST_RESTARTS = 1;

/**
 * A take-over of an agent from its former units. Its file is written before the first former unit stops, and is deleted
 * when the take-over has succeeded or has been rolled back. If the run is killed, the deadman or the next run finishes
 * the take-over.
 */
export interface TakeOver {
  readonly unit: string;
  readonly former: readonly FormerState[];
  /** When the former units were stopped (UTC, ISO 8601). */
  readonly since: string;
  /** The process that finishes the take-over; see `processMark`. */
  readonly by: string;
}

/**
 * Records that an agent's own unit is about to replace former units. Does nothing if the agent's own unit runs
 * already, or if no former unit is running or starts at boot.
 *
 * @throws MusterError if another process is finishing an earlier take-over of the agent
 */
export function beginTakeOver(host: Host, unit: string, formers: readonly Former[]): void {
  const known = readTakeOver(host, unit);
  if (known !== undefined) {
    claim(host, known);
    return;
  }
  if (isRunning(unitState(host, unit))) return;
  const former = formerStates(host, formers).filter(({ enabled, running }) => enabled || running);
  if (former.length === 0) return;
  for (const one of former) if (one.manager === "tmux") keepSessionStart(host, one);
  write(host, { unit, former, since: new Date().toISOString(), by: processMark(process.pid) });
}

/**
 * Takes responsibility for a take-over that a killed process has not finished.
 *
 * @throws MusterError if the process that is responsible still runs
 */
export function claim(host: Host, takeOver: TakeOver): void {
  const own = processMark(process.pid);
  if (takeOver.by !== own && isAlive(takeOver))
    throw new MusterError({
      what: `${takeOver.unit} was not changed`,
      why: "another run has just taken over the agent, and waits until its unit has run long enough.",
      next: "Run the command again in a minute.",
    });
  write(host, { ...takeOver, by: own });
}

/** Whether the process that is responsible for a take-over still runs. */
export function isAlive({ by }: TakeOver): boolean {
  return processMark(Number(by.split(" ")[0])) === by;
}

/** Identifies a process by its PID, its start time in clock ticks since the boot, and the ID of the boot. */
function processMark(pid: number): string {
  try {
    const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(/\) (?=[^)]*$)/);
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${pid} ${rest.split(" ")[19]} ${boot}`;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return "";
    throw error;
  }
}

export type Verdict = "stayed" | "waiting" | "failed";

/** Decides from the state of the agent's own unit whether the take-over has succeeded. */
export function verdictOf(host: Host, { unit, since }: TakeOver, now = new Date()): Verdict {
  const state = observeUnits(host, [unit]).get(unit);
  if (state === undefined || state.state === "down" || state.restarts > MOST_RESTARTS) return "failed";
  const isUp = state.state === "up" && state.isStray !== true;
  if (isUp && (monotonic() - state.upSince >= MUST_RUN || hasBeat(host, unit, state))) return "stayed";
  if (now.getTime() - Date.parse(since) <= PATIENCE * 1000) return "waiting";
  // The time in which the agent waits for its turn does not count.
  const isLate = !(isUp && state.restarts === 0) && !waitingForTurn(host, [unit]).has(unit);
  return isLate ? "failed" : "waiting";
}

/** Whether the agent has sent a heartbeat. systemd creates the folder of the heartbeat file at every start. */
function hasBeat(host: Host, unit: string, { user }: Unit): boolean {
  const [agent, account] = [agentOfUnit(unit), readAccounts(host.paths.etc).users.get(user)];
  if (agent === undefined || account === undefined) return false;
  return readHeartbeatFile(heartbeatFile(agent), account).reading.mark !== undefined;
}

/** Ends a take-over that has succeeded. */
export function completeTakeOver(host: Host, { unit, former }: TakeOver): void {
  const agent = agentOfUnit(unit);
  record(host, [{ event: "taken-over", ...(agent && { agent }), detail: `from ${namesOf(former)}` }]);
  deleteTakeOver(host, unit);
}

/**
 * Rolls back a take-over that has failed: stops and disables the agent's own unit, and restores its former units. A
 * repeated call changes nothing more.
 *
 * @param cause why the agent's own unit did not keep running
 * @returns the error to report
 */
export function rollBack(host: Host, { unit, former }: TakeOver, cause?: unknown): MusterError {
  const state = unitState(host, unit);
  const why = cause === undefined ? whyFailed(host, unit, state) : reasonOf(cause);
  if (state["LoadState"] !== "not-found") {
    stopUnit(host, unit);
    host.run("systemctl", ["disable", "--", unit]);
    host.run("systemctl", ["reset-failed", "--", unit]);
  }
  // The next `up` can start the unit again. Until then, the former unit runs the agent.
  release(host, unit);
  const lost = restoreFormers(host, former);
  const agent = agentOfUnit(unit);
  record(host, [{ event: "given-back", ...(agent && { agent }), detail: `to ${namesOf(former)}: ${why}` }]);
  deleteTakeOver(host, unit);
  return notTakenOver(host, unit, former, why, lost);
}

function whyFailed(host: Host, unit: string, state: UnitState): string {
  const { why } = notStarted(host, unit, state);
  return `it did not stay up for ${MUST_RUN} s: ${why}`;
}

function notTakenOver(
  host: Host,
  unit: string,
  former: readonly FormerState[],
  why: string,
  lost: readonly string[],
): MusterError {
  const running = formerStates(host, former).filter((one) => one.running);
  const now =
    lost.length > 0
      ? `The former unit could not be restored: ${lost.join("; ")}.`
      : `${namesOf(running)} is enabled as before and runs the agent again.`;
  return new MusterError({
    what: `${unit} did not take over from ${namesOf(former)}`,
    why: `${why.replace(/\.?$/, ".")} ${now}`,
    next: "Correct the agent's command, environment or files, then run `npx pulumi up` again.",
  });
}

function namesOf(units: readonly FormerState[]): string {
  return units.map(formerLabel).join(", ");
}

/** Reads all take-overs that are not finished. */
export function readTakeOvers(host: Host): TakeOver[] {
  return listFolder(folderOf(host)).flatMap((file) => {
    const unit = /^(.+)\.json$/.exec(file)?.[1];
    const takeOver = unit === undefined ? undefined : readTakeOver(host, unit);
    return takeOver === undefined ? [] : [takeOver];
  });
}

export function readTakeOver(host: Host, unit: string): TakeOver | undefined {
  const text = readOwn(fileOf(host, unit))?.toString("utf8");
  return text === undefined ? undefined : (JSON.parse(text) as TakeOver);
}

export function deleteTakeOver(host: Host, unit: string): void {
  rmSync(fileOf(host, unit), { force: true });
}

function write(host: Host, takeOver: TakeOver): void {
  writeOwn(fileOf(host, takeOver.unit), `${JSON.stringify(takeOver)}\n`);
}

function folderOf(host: Host): string {
  return `${host.paths.hostd}/take-overs`;
}

function fileOf(host: Host, unit: string): string {
  return `${folderOf(host)}/${unit}.json`;
}
