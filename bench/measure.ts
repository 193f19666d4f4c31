import { performance } from "node:perf_hooks";
import { throwIfInterrupted } from "./interrupt.ts";

/** One thing to measure. */
export interface Subject {
  /** Preparation that is not measured. */
  readonly before?: () => Promise<unknown>;
  /** Rejects if the command has not done what is measured. */
  readonly run: () => Promise<unknown>;
}

/** @returns milliseconds; throws after a signal */
export async function timed({ before, run }: Subject): Promise<number> {
  throwIfInterrupted();
  await before?.();
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/**
 * Measures subjects in turn, A B C A B C …, so that other load on the machine affects all of them equally. The first
 * round fills caches, and is not counted.
 *
 * @returns milliseconds by subject, one value per round
 */
export async function interleave<K extends string>(
  subjects: Readonly<Record<K, Subject>>,
  rounds: number,
): Promise<Record<K, number[]>> {
  const names = Object.keys(subjects) as K[];
  const runs = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const milliseconds = await timed(subjects[name]);
      if (round > 0) runs[name].push(milliseconds);
    }
  }
  return runs;
}
