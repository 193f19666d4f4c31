import { agentOfUnit, startedFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { showProperties, type UnitState } from "./systemctl.ts";
import { isStray } from "./tmux-pane.ts";

const PROPERTIES = [
  "ActiveState",
  "SubState",
  "Job",
  "InvocationID",
  "NRestarts",
  "Result",
  "MainPID",
  "WatchdogTimestampMonotonic",
  "ActiveEnterTimestampMonotonic",
  "User",
  "DropInPaths",
];

/**
 * Seconds to wait for systemd. systemd usually responds within milliseconds, and no decision is possible without its
 * response.
 */
const PATIENCE = 4;

/** The state of a unit, as systemd reports it. */
export interface UnitView {
  /**
   * `moving`: the unit is starting or stopping. `ended`: systemd will restart the unit. `down`: systemd will not
   * restart the unit.
   */
  readonly state: "up" | "moving" | "ended" | "down";
  /** Identifies the current run, and changes with every start; empty if the unit has never run. */
  readonly run: string;
  /** How many times systemd has restarted the unit by itself. */
  readonly restarts: number;
  /** How the last run ended, in systemd's words. */
  readonly result: string;
  /**
   * Whether the unit is up although the agent's program does not run. Its tmux has ended and only forked processes are
   * left, or its tmux runs another program.
   */
  readonly isStray?: boolean;
}

/** A unit, with the data that is needed to find its heartbeats. */
export interface Unit extends UnitView {
  readonly pid: number;
  /** When the unit started, in seconds of the monotonic clock. */
  readonly upSince: number;
  /** When the unit last pinged systemd's watchdog, in microseconds of the monotonic clock; `0` if never. */
  readonly pinged: string;
  /** The user that the unit runs as. */
  readonly user: string;
  /** The paths of the drop-ins that systemd has read, separated by spaces. */
  readonly dropIns: string;
}

/** Queries systemd about all units in one call. @returns the units by name */
export function observeUnits(host: Host, names: readonly string[]): ReadonlyMap<string, Unit> {
  if (names.length === 0) return new Map();
  const states = showProperties(host, names, PROPERTIES, PATIENCE);
  return new Map(names.map((name, i) => [name, withStray(name, unitOf(states[i] ?? {}))]));
}

function withStray(name: string, unit: Unit): Unit {
  const agent = agentOfUnit(name);
  return agent !== undefined && unit.state === "up" && isStray(unit.pid, startedFile(agent))
    ? { ...unit, isStray: true }
    : unit;
}

export function unitOf(state: UnitState): Unit {
  return {
    state: stateOf(state),
    run: state["InvocationID"] ?? "",
    restarts: Number(state["NRestarts"] ?? 0),
    result: state["Result"] ?? "",
    pid: Number(state["MainPID"] ?? 0),
    upSince: Number(state["ActiveEnterTimestampMonotonic"] ?? 0) / 1e6,
    pinged: state["WatchdogTimestampMonotonic"] ?? "0",
    user: state["User"] ?? "",
    dropIns: state["DropInPaths"] ?? "",
  };
}

function stateOf({ ActiveState, SubState }: UnitState): UnitView["state"] {
  if (SubState === "auto-restart") return "ended";
  if (ActiveState === "active" || ActiveState === "reloading") return "up";
  return ActiveState === "inactive" || ActiveState === "failed" ? "down" : "moving";
}
