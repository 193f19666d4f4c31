import type { PsAnswer, PsRequest, UnitStatus } from "../model/protocol.ts";
import type { Host } from "./context.ts";
import { showUnits, type UnitState } from "./systemctl.ts";

/** The state of each unit that is asked for, as systemd has it now. */
export function ps(host: Host, { units }: PsRequest): PsAnswer {
  const now = Number(process.hrtime.bigint() / 1000n);
  return { units: showUnits(host, units).map((state, i) => statusOf(units[i] ?? "", state, now)) };
}

/** @param now microseconds of the monotonic clock, which is what systemd counts in */
export function statusOf(unit: string, state: UnitState, now: number): UnitStatus {
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
