import { MusterError } from "../../base/errors.ts";
import { choiceFolder, isAgentUnit } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { pause } from "../system/error-reason.ts";
import { withHostLock } from "../system/locks.ts";

/** The state of one unit, by property name. */
export type UnitState = Readonly<Record<string, string>>;

const UNIT_PROPERTIES = [
  "LoadState",
  "ActiveState",
  "SubState",
  "DropInPaths",
  "Job",
  "MainPID",
  "MemoryCurrent",
  "NRestarts",
  "Restart",
  "Result",
  "StatusText",
  "StateChangeTimestampMonotonic",
];

/** Queries systemd about many units together. @returns the states, in the order of the units */
export function showUnits(host: Host, units: readonly string[]): UnitState[] {
  if (units.length === 0) return [];
  const states = showProperties(host, units, UNIT_PROPERTIES);
  // `systemctl show` reports the state that systemd has loaded, so the command does not show that somebody has removed
  // a link.
  const fileStates = readFileStates(host, units);
  return states.map((state, i) => ({ ...state, UnitFileState: fileStates.get(units[i] ?? "") ?? "" }));
}

/**
 * Reads the UnitFileState of units, such as `enabled` or `masked`, from their current files and links. Omits units
 * without a file.
 */
function readFileStates(host: Host, units: readonly string[]): Map<string, string> {
  const args = ["list-unit-files", "--no-legend", "--no-pager", "--plain", "--", ...units];
  const { stdout } = host.run("systemctl", args);
  const rows = stdout.split("\n").map((line) => line.split(/\s+/));
  return new Map(rows.map(([unit = "", state = ""]) => [unit, state]));
}

/** Returns the given properties of each unit, as systemd has loaded them. @param timeout in seconds */
export function showProperties(
  host: Host,
  units: readonly string[],
  properties: readonly string[],
  timeout = 60,
): UnitState[] {
  const args = ["show", `--property=${properties.join(",")}`, "--", ...units];
  const { status, stdout, stderr } = host.run("systemctl", args, { timeout });
  const states = parseShow(stdout);
  if (status === 0 && states.length === units.length)
    return states.map((state, i) => asStarting(units[i] ?? "", state));
  throw new MusterError({
    what: "systemctl show",
    why: stderr.trim() || "systemd did not report every unit",
  });
}

/** The SubState of an agent's unit that has a pending start. */
export const PENDING = "pending";

/**
 * Returns the state of an agent's unit that has a pending start as `activating`. systemd itself reports such a unit as
 * inactive, or as waiting for its restart, for example while the agent waits for its turn to start.
 */
function asStarting(unit: string, state: UnitState): UnitState {
  const { ActiveState, SubState, Job = "0" } = state;
  const isPending = ActiveState === "inactive" || ActiveState === "failed" || SubState === "auto-restart";
  if (!isAgentUnit(unit) || !isPending || Job === "" || Job === "0") return state;
  return { ...state, ActiveState: "activating", SubState: PENDING };
}

/** Parses the output of `systemctl show`, which has one block for each unit. */
export function parseShow(text: string): UnitState[] {
  return text
    .split(/\n\n+/)
    .filter((block) => block.trim() !== "")
    .map((block) => Object.fromEntries(block.split("\n").map(property)));
}

/** Lists the loaded services that run as the given user and are active or starting. */
export function unitsOf(host: Host, user: string): string[] {
  const { stdout } = host.run("systemctl", ["show", "--property=Id,User,ActiveState", "--", "*.service"]);
  const states = parseShow(stdout).filter((state) => state["User"] === user && isRunning(state));
  return states.flatMap((state) => state["Id"] ?? []);
}

/** Runs systemctl. @throws MusterError with the error output of systemctl if it fails */
export function systemctl(host: Host, ...args: readonly string[]): void {
  const { status, stderr } = host.run("systemctl", args);
  if (status === 0) return;
  throw new MusterError({
    what: `systemctl ${args.join(" ")}`,
    why: stderr.trim() || `it exited with status ${status}`,
  });
}

/** Whether systemd reads a file as a unit file or a drop-in, judging by the file's path. */
export function isUnitPath({ paths }: Host, path: string): boolean {
  return [paths.units, paths.settings, choiceFolder(paths.hostd)].some((dir) => path.startsWith(`${dir}/`));
}

/** Makes systemd reload all unit files. */
export function daemonReload(host: Host): void {
  withHostLock(host, () => systemctl(host, "daemon-reload"));
}

/**
 * Whether a unit runs or is starting. A unit that systemd keeps restarting counts as running: it is
 * unhealthy, but it has not drifted.
 */
export function isRunning(state: UnitState | undefined): boolean {
  return ["active", "activating", "reloading"].includes(state?.["ActiveState"] ?? "");
}

/**
 * Polls a unit, a little less often each time, until `isDone` accepts its state or `seconds` have passed.
 *
 * @returns the last state
 */
export function waitForUnit(
  host: Host,
  unit: string,
  seconds: number,
  isDone: (state: UnitState) => boolean,
): UnitState {
  return waitForUnits(host, [unit], seconds, isDone).get(unit) ?? {};
}

/** Like `waitForUnit`, but for many units, which are queried together. */
export function waitForUnits(
  host: Host,
  units: readonly string[],
  seconds: number,
  isDone: (state: UnitState) => boolean,
): ReadonlyMap<string, UnitState> {
  const deadline = Date.now() + seconds * 1000;
  const last = new Map<string, UnitState>();
  for (let wait = 10, left = units; left.length > 0; wait = Math.min(wait * 2, 500)) {
    const states = showProperties(host, left, UNIT_PROPERTIES);
    for (const [i, unit] of left.entries()) last.set(unit, states[i] ?? {});
    left = left.filter((unit) => !isDone(last.get(unit) ?? {}));
    if (left.length === 0 || Date.now() > deadline) break;
    pause(wait);
  }
  return last;
}

function property(line: string): [string, string] {
  const cut = line.indexOf("=");
  return [line.slice(0, cut), line.slice(cut + 1)];
}
