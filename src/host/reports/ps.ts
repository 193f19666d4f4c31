import type { PsAnswer, PsRequest, UnitStatus } from "../../model/protocol.ts";
import { shown } from "../../model/shown.ts";
import type { Host } from "../context.ts";
import { deadmanState, readView } from "../units/deadman-view.ts";
import { readDeferredRestart } from "../units/deferred-restarts.ts";
import { failedOver } from "../units/provider-override.ts";
import { readQuarantine } from "../units/quarantine.ts";
import { showUnits, type UnitState } from "../units/systemctl.ts";
import { paneNames } from "../units/tmux-pane.ts";

/** Returns the current state of each requested unit, as systemd and the deadman know it. */
export function ps(host: Host, { units }: PsRequest): PsAnswer {
  const now = Number(process.hrtime.bigint() / 1000n);
  const view = readView(host);
  const agents = new Map(Object.values(view?.agents ?? {}).map((one) => [one.unit, one]));
  const services = new Map((view?.services ?? []).map((one) => [one.unit, one]));
  const states = showUnits(host, units);
  const deadman = deadmanState(host, view);
  return {
    units: units.map((unit, i) => {
      const [watched, quarantine, deferred] = [
        agents.get(unit),
        readQuarantine(host, unit),
        readDeferredRestart(host, unit),
      ];
      const checked = services.get(unit);
      const over = failedOver(host, unit);
      const status = unitStatus(unit, states[i] ?? {}, now);
      const names = paneNames(status.pid).map(shown);
      return {
        ...status,
        ...(names.length > 0 && { names }),
        ...(watched && { watched }),
        ...(checked && { checked }),
        ...(deferred && { owed: deferred }),
        ...(over && { failedOver: over }),
        ...(quarantine && { quarantine }),
      };
    }),
    ...(deadman && { deadman }),
  };
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
