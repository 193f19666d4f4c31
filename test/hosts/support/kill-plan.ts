import { randomBytes } from "node:crypto";
import { VICTIMS, type Victim } from "./victims.ts";

export const LONG = process.env["MUSTER_LONG"] === "1";
export const SEED = Number(process.env["MUSTER_SEED"] ?? randomBytes(3).readUIntBE(0, 3));

/** What a run can be about, in the order in which a host goes through them again and again. */
export const PHASES = ["a first up", "an update", "a repair", "a destroy"] as const;

export type Phase = (typeof PHASES)[number];

export interface Point {
  readonly phase: Phase;
  readonly victim: Victim;
  /** How far the run is to be, from 0 to 1. */
  readonly progress: number;
  /** Milliseconds after that. */
  readonly delay: number;
}

/** The most that passes between two of a run's steps on a machine that has little else to do: one makes a whole agent. */
const STEP = 1500;

/** The same for the same seed: phases and victims in turn, so that each is met, and moments at random. */
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

/** After that most runs are over before they can be killed. */
const LATEST = 0.9;

/** Park and Miller's generator. @returns numbers from 0 to 1 */
function randomFrom(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
