import type { Victim } from "./victims.ts";

/** The requests of a move, in their order: what is asked, of which part, and of which of the two hosts. */
const STEPS = [
  "arrive to",
  "leave from",
  "pack from",
  "unpack to",
  "settle from",
  "settle to",
  "converge identity to",
  "converge unit to",
  "remove unit from",
  "remove identity from",
] as const;

const VICTIMS: readonly Victim[] = ["provider", "engine", "runtime", "ssh"];

export interface MoveKill {
  readonly step: (typeof STEPS)[number];
  readonly victim: Victim;
  /** Whose runtime, where that is the victim. */
  readonly side: "old" | "new";
  /** Milliseconds after the request was sent. */
  readonly delay: number;
}

/** The same for the same seed: steps and victims in turn, from a drawn one on, and moments at random. */
export function moveKills(seed: number, points: number): MoveKill[] {
  const random = randomFrom(seed);
  const first = Math.floor(random() * STEPS.length * VICTIMS.length);
  return Array.from({ length: points }, (_, i) => {
    // Three is prime to both lengths, so a few draws spread over all steps.
    const at = first + 3 * i;
    return {
      step: STEPS[at % STEPS.length] as MoveKill["step"],
      victim: VICTIMS[(at + i) % VICTIMS.length] as Victim,
      side: random() < 0.5 ? "old" : "new",
      delay: Math.round(random() ** 2 * 400),
    };
  });
}

/** Park and Miller's generator. @returns numbers from 0 to 1 */
function randomFrom(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
