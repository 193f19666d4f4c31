import { isAgentUnit } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import type { UnitView } from "../hostd/types.ts";
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

/** Seconds; systemd answers in milliseconds, and while it does not, nothing can be judged. */
const PATIENCE = 4;

/** A unit with what its beats are found by. */
export interface Unit extends UnitView {
  readonly pid: number;
  /** When it came up, in seconds of the monotonic clock. */
  readonly upSince: number;
  /** When it last pinged systemd's watchdog, in microseconds; 0: never. */
  readonly pinged: string;
  /** Whose rights it has. */
  readonly user: string;
  /** The drop-ins that systemd has read, in a row. */
  readonly dropIns: string;
}

/** Asks systemd about all units at once. @returns them by name */
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
