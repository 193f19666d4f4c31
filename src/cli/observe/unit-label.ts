import type { Park } from "../../model/limits.ts";
import type { UnitStatus } from "../../model/protocol.ts";

/**
 * `not there`: the host has no such unit. `quarantined`: the unit was restarted too often and is kept stopped.
 * `paused`: a person keeps the unit stopped. `parked`: the unit is kept stopped because an account or a budget is used
 * up.
 */
export type UnitLabel =
  | "running"
  | "starting"
  | "stopped"
  | "failed"
  | "quarantined"
  | "paused"
  | "parked"
  | "not there";

/**
 * The label for each ActiveState of systemd. Every other ActiveState has the label `stopped`. The host
 * runtime adds the state `absent` for a missing unit.
 */
const STATES: Readonly<Record<string, UnitLabel>> = {
  active: "running",
  reloading: "running",
  activating: "starting",
  failed: "failed",
  absent: "not there",
};

/**
 * Returns a unit's label: `quarantined`, `paused` or `parked` if it is kept stopped, otherwise the label of its
 * ActiveState.
 */
export function unitLabel({ state, quarantine, paused }: UnitStatus): UnitLabel {
  const known = STATES[state] ?? "stopped";
  if (known === "not there") return known;
  if (quarantine !== undefined) return "quarantined";
  if (paused === undefined) return known;
  return paused.park === undefined ? "paused" : "parked";
}

/** The reason why a unit is kept stopped. */
export interface KeptStopped {
  /** The reason for the quarantine, and when it began; absent if the unit is not in quarantine. */
  readonly quarantine?: { readonly since: string; readonly reason: string };
  /** The person who has paused the unit; absent if the unit is not paused. */
  readonly paused?: string;
  /** The time when the pause began (UTC, ISO 8601). */
  readonly pausedSince?: string;
  /** Why the unit is parked, since when and until when; absent if the unit is not parked. */
  readonly parked?: Park & { readonly since: string; readonly reason: string };
}

/** Returns the reason why a unit is kept stopped. */
export function keptStopped({ quarantine, paused }: UnitStatus): KeptStopped {
  return {
    ...(quarantine && { quarantine }),
    ...(paused && !paused.park && { paused: paused.by, pausedSince: paused.since }),
    ...(paused?.park && { parked: { ...paused.park, since: paused.since, reason: paused.reason ?? "" } }),
  };
}
