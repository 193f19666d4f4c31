import { VICTIMS, type Victim } from "./processes-of-run.ts";
import { randomFrom, SEED } from "./random.ts";

/** The kinds of runs, in the order in which the tests repeat them on a host. */
export const PHASES = ["a first up", "an update", "a repair", "a destroy"] as const;

export type Phase = (typeof PHASES)[number];

export interface Point {
  readonly phase: Phase;
  readonly victim: Victim;
  /** The share of the run's steps before the kill, from 0 to 1. */
  readonly progress: number;
  /** The time between these steps and the kill, in milliseconds. */
  readonly delay: number;
}

/** The maximum milliseconds between two steps of a run on an idle machine. One step can create a complete agent. */
const STEP = 1500;

/** Plans kills of all victims in all phases, at random moments. The same seed always results in the same plan. */
export function killPlan(points: number): Point[] {
  const random = randomFrom(SEED);
  const first = Math.floor(random() * VICTIMS.length);
  return Array.from({ length: points }, (_, i) => {
    const phase = PHASES[i % PHASES.length] as Phase;
    const victims = VICTIMS.filter((victim) => phase !== "a destroy" || !OF_PROGRAMS.includes(victim));
    return {
      phase,
      victim: victims[(first + i) % victims.length] as Victim,
      progress: Number((random() * LATEST).toFixed(3)),
      delay: Math.round(random() ** 2 * STEP),
    };
  });
}

/** The victims that do not exist in a destroy, because a destroy does not run the Pulumi program. */
const OF_PROGRAMS: readonly Victim[] = ["program", "language host"];

/** The maximum progress before a kill. With more progress, most runs would end before the kill. */
const LATEST = 0.9;
