import { randomBytes } from "node:crypto";

export const LONG = process.env["MUSTER_LONG"] === "1";
export const SEED = Number(process.env["MUSTER_SEED"] ?? randomBytes(3).readUIntBE(0, 3));

/**
 * Creates Park and Miller's random number generator.
 *
 * @returns a function that returns numbers from 0 to 1
 */
export function randomFrom(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Draws from lists, with the same result for the same seed. */
export interface Draw {
  chance(share: number): boolean;
  /** Returns an integer that is at least 0 and less than `most`. */
  below(most: number): number;
  pick<T>(list: readonly T[]): T;
  shuffled<T>(list: readonly T[]): T[];
}

export function drawFrom(seed: number): Draw {
  const random = randomFrom(seed);
  // The first numbers of small seeds are similar, so the first three numbers are skipped.
  for (let i = 0; i < 3; i++) random();
  const below = (most: number) => Math.min(most - 1, Math.floor(random() * most));
  return {
    chance: (share) => random() < share,
    below,
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
    shuffled: (list) =>
      list
        .map((one) => ({ one, at: random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one),
  };
}
