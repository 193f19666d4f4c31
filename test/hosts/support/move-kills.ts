import type { Victim } from "./run-processes.ts";

/**
 * The requests of a move, in their order: the operation, whether it is of the agent itself, and which of the two hosts
 * gets it.
 */
const STEPS = [
  "arrive to",
  "leave from",
  "pack from",
  "unpack to",
  "settle from",
  "settle to",
  "converge agent to",
  "remove agent from",
] as const;

/** Milliseconds between a request and its kill at most. The last two requests handle everything that an agent has. */
const LATEST = 400;
const LATEST_OF_AGENT = 2000;

const VICTIMS: readonly Victim[] = ["provider", "engine", "runtime", "ssh"];

export interface MoveKill {
  readonly step: (typeof STEPS)[number];
  readonly victim: Victim;
  /** The host whose runtime is killed, if the runtime is the victim. */
  readonly side: "old" | "new";
  /** Milliseconds after the request was sent. */
  readonly delay: number;
}

/** The same kills for the same seed: steps and victims in turn from a random one on, at random moments. */
export function moveKills(seed: number, points: number): MoveKill[] {
  const random = randomFrom(seed);
  const first = Math.floor(random() * STEPS.length * VICTIMS.length);
  return Array.from({ length: points }, (_, i) => {
    // Three is coprime to both lengths, so a few kills cover all steps, and enough kills cover all pairs.
    const at = first + 3 * i;
    const round = Math.floor(at / STEPS.length);
    const step = STEPS[at % STEPS.length] as MoveKill["step"];
    return {
      step,
      victim: VICTIMS[(at + round) % VICTIMS.length] as Victim,
      side: random() < 0.5 ? "old" : "new",
      delay: Math.round(random() ** 2 * (step.includes(" agent ") ? LATEST_OF_AGENT : LATEST)),
    };
  });
}

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
