import { isAgentUnit } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { showProperties, type UnitState } from "./systemctl.ts";
import { isStray } from "./tmux-pane.ts";

const PROPERTIES = [
  "ActiveState",
  "SubState",
  "InvocationID",
  "NRestarts",
  "Result",
  "MainPID",
  "WatchdogTimestampMonotonic",
  "ActiveEnterTimestampMonotonic",
  "User",
  "DropInPaths",
];

/** Seconds; systemd answers in milliseconds, and while it does not, nothing can be decided. */
const PATIENCE = 4;

/** The state of a unit, as systemd reports it now. */
export interface UnitView {
  /** `moving`: it starts or stops. `ended`: it waits for its restart. `down`: nothing will start it. */
  readonly state: "up" | "moving" | "ended" | "down";
  /** Changes with every start; empty if it never ran. */
  readonly run: string;
  /** How often systemd restarted it by itself. */
  readonly restarts: number;
  /** systemd's word for how it ended. */
  readonly result: string;
  /** It is up without a pane: what runs is the remainder of a program that forked away. */
  readonly isStray?: boolean;
}

/** A unit with what its heartbeats are found by. */
export interface Unit extends UnitView {
  readonly pid: number;
  /** When it started, in seconds of the monotonic clock. */
  readonly upSince: number;
  /** When it last pinged systemd's watchdog, in microseconds; 0: never. */
  readonly pinged: string;
  /** The user it runs as. */
  readonly user: string;
  /** The paths of the drop-ins that systemd has read, separated by spaces. */
  readonly dropIns: string;
}

/** Queries systemd about all units at once. @returns them by name */
export function observeUnits(host: Host, names: readonly string[]): ReadonlyMap<string, Unit> {
  if (names.length === 0) return new Map();
  const states = showProperties(host, names, PROPERTIES, PATIENCE);
  return new Map(names.map((name, i) => [name, withStray(name, unitOf(states[i] ?? {}))]));
}

function withStray(name: string, unit: Unit): Unit {
  return isAgentUnit(name) && unit.state === "up" && isStray(unit.pid) ? { ...unit, isStray: true } : unit;
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
