import type { DecisionStep } from "./types.ts";

/** Seconds that a run has at least: whoever started it just now waits to see whether it stays. */
const SETTLES = 3;

/** Starts again what runs with what was declared before: when it is idle, and at the latest when its time is up. */
export const restartDeferred: DecisionStep = (memory, { seen, clock, wantLook, tell, act }) => {
  const { owed, unit, age, paused, isFresh } = seen;
  const { owedSince, ...rest } = memory;
  if (owed === undefined) return owedSince === undefined ? memory : rest;
  const since = owedSince ?? clock;
  const isDue = owed.isIdle || clock - since >= owed.within;
  if (!isDue || unit.state !== "up" || age < SETTLES || paused !== "" || memory.quarantined)
    return { ...rest, owedSince: since };
  if (!isFresh) wantLook();
  const said = owed.isIdle ? "it is idle" : "its deadline is over";
  tell("asked", `to start again for a change, as ${said}`);
  act("restart", said);
  // Its end is brought about, and no news.
  return { ...rest, owedSince: since, health: "down" };
};
