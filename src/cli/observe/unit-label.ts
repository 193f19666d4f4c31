import type { UnitStatus } from "../../model/protocol.ts";

/**
 * `not there`: the host has no such unit. `quarantined`: the unit was restarted too often and stays stopped.
 */
export type UnitLabel = "running" | "starting" | "stopped" | "failed" | "quarantined" | "not there";

/**
 * Labels for systemd's ActiveState; any other state is `stopped`. The host runtime adds `absent` for a
 * missing unit.
 */
const STATES: Readonly<Record<string, UnitLabel>> = {
  active: "running",
  reloading: "running",
  activating: "starting",
  failed: "failed",
  absent: "not there",
};

/** Returns a unit's label: `quarantined` if it is in quarantine, otherwise the label of its ActiveState. */
export function unitLabel({ state, quarantine }: UnitStatus): UnitLabel {
  const known = STATES[state] ?? "stopped";
  return quarantine !== undefined && known !== "not there" ? "quarantined" : known;
}
