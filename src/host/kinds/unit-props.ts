import { QUARANTINED } from "../../model/items.ts";
import { overridesOf } from "../units/manual-overrides.ts";
import { isRunning, type UnitState } from "../units/systemctl.ts";

/** Returns a unit's properties. @param state the unit's state in systemd */
export function unitProps(name: string, state: UnitState, isQuarantined = false) {
  const masked = state["LoadState"] === "masked" ? "masked" : "absent";
  const active = isRunning(state) || isRestarting(state) ? "running" : "stopped";
  return {
    enabled: state["UnitFileState"] || masked,
    active: isQuarantined ? QUARANTINED : active,
    overrides: overridesOf(name, state).join(" ") || "none",
  };
}

/**
 * Whether systemd is about to restart a unit that is ending. Such a unit counts as running, like a unit in
 * the state auto-restart.
 */
function isRestarting({ ActiveState, Job = "", Restart = "no" }: UnitState): boolean {
  return ActiveState === "deactivating" && ["", "0"].includes(Job) && Restart !== "no";
}
