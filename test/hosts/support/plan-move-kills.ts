import type { Victim } from "./processes-of-run.ts";
import { randomFrom } from "./random.ts";

/**
 * The requests of a move, in their order. Each has the operation, the word `agent` if the request is about the agent's
 * resource, and the host that gets the request: `from` for the old host, `to` for the new host.
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

/** The maximum milliseconds from a request to the kill. The last two requests take longer than the other requests. */
const LATEST = 400;
const LATEST_OF_AGENT = 2000;

const VICTIMS: readonly Victim[] = ["provider", "engine", "runtime", "ssh"];

export interface MoveKill {
  readonly step: (typeof STEPS)[number];
  readonly victim: Victim;
  /** The host on which the runtime is killed, if the runtime is the victim. */
  readonly side: "old" | "new";
  /** The time from the request to the kill, in milliseconds. */
  readonly delay: number;
}

/** Plans kills of all victims in all steps, at random moments. The same seed always results in the same plan. */
export function moveKills(seed: number, points: number): MoveKill[] {
  const random = randomFrom(seed);
  const first = Math.floor(random() * STEPS.length * VICTIMS.length);
  return Array.from({ length: points }, (_, i) => {
    // Three is coprime to both lengths, so a few kills cover all steps, and many kills cover all pairs.
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
