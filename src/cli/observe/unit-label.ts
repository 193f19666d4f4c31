import type { UnitStatus } from "../../model/protocol.ts";

/** `not there`: its host has no such unit. `quarantined`: it has been restarted too often and stays down. */
export type UnitLabel = "running" | "starting" | "stopped" | "failed" | "quarantined" | "not there";

/** A label for each ActiveState of systemd. The host runtime adds `absent` for a unit that does not exist. */
const STATES: Readonly<Record<string, UnitLabel>> = {
  active: "running",
  reloading: "running",
  activating: "starting",
  failed: "failed",
  absent: "not there",
};

/** Returns the label for a unit: `quarantined` if it is in quarantine, otherwise by systemd's state. */
export function unitLabel({ state, quarantine }: UnitStatus): UnitLabel {
  const known = STATES[state] ?? "stopped";
  return quarantine !== undefined && known !== "not there" ? "quarantined" : known;
}
