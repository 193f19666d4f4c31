import type { DecisionStep } from "./decision-step.ts";

/** Reports the start and the end of a hold or a maintenance window. */
export const noticeHold: DecisionStep = (memory, { snapshot: { held }, report }) => {
  const before = memory.held ?? "";
  if (held === before) return memory;
  if (held === "") report("hold-ended", `no longer ${before}`);
  else report("held", held);
  return { ...memory, held };
};

/**
 * Carries out a pause that was requested with `--when-idle`: when the agent is idle or does not run, or at the latest
 * when the deadline has passed.
 */
export const pauseWhenIdle: DecisionStep = (memory, { snapshot, clock, requestRefresh, report, act }) => {
  const { pausing, unit, held, isFresh } = snapshot;
  const { pausingSince, ...rest } = memory;
  if (pausing === undefined) return pausingSince === undefined ? memory : rest;
  const since = pausingSince ?? clock;
  const isDue = pausing.isIdle || unit.state === "down" || clock - since >= pausing.within;
  if (!isDue || held !== "") return { ...rest, pausingSince: since };
  if (!isFresh) requestRefresh();
  report("paused", `by ${pausing.by}`);
  act("pause", "it is paused", { by: pausing.by });
  // The end of this run is expected, so the end is not reported.
  return { ...rest, pausingSince: since, health: "down" };
};
