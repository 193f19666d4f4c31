import { randomBytes } from "node:crypto";
import { VICTIMS, type Victim } from "./run-processes.ts";

export const LONG = process.env["MUSTER_LONG"] === "1";
export const SEED = Number(process.env["MUSTER_SEED"] ?? randomBytes(3).readUIntBE(0, 3));

/** The kinds of runs, in the order in which a host goes through them repeatedly. */
export const PHASES = ["a first up", "an update", "a repair", "a destroy"] as const;

export type Phase = (typeof PHASES)[number];

export interface Point {
  readonly phase: Phase;
  readonly victim: Victim;
  /** The share of the run's steps that are done before the kill, from 0 to 1. */
  readonly progress: number;
  /** Milliseconds after that. */
  readonly delay: number;
}

/** Milliseconds between two steps of a run at most, on an idle machine. One step can create a whole agent. */
const STEP = 1500;

/** The same plan for the same seed: all phases and victims in turn, at random moments. */
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

/** A destroy runs no program. */
const OF_PROGRAMS: readonly Victim[] = ["program", "language host"];

/** Later than this, most runs end before the kill. */
const LATEST = 0.9;

/**
 * Park and Miller's generator.
 *
 * @returns numbers from 0 to 1
 */
function randomFrom(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
