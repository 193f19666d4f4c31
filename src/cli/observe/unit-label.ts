import type { UnitStatus } from "../../model/protocol.ts";

/** `not there`: its host has no such unit. `quarantined`: it was started again too often, and stays down. */
export type UnitLabel = "running" | "starting" | "stopped" | "failed" | "quarantined" | "not there";

/** systemd's ActiveState in a person's words; `absent` is the host runtime's, for a unit that is not there. */
const STATES: Readonly<Record<string, UnitLabel>> = {
  active: "running",
  reloading: "running",
  activating: "starting",
  failed: "failed",
  absent: "not there",
};

/** A unit's state as systemd has it, or why that is no matter. */
export function unitLabel({ state, quarantine }: UnitStatus): UnitLabel {
  const known = STATES[state] ?? "stopped";
  return quarantine !== undefined && known !== "not there" ? "quarantined" : known;
}
