import { performance } from "node:perf_hooks";
import { throwIfInterrupted } from "./interrupt.ts";

/** One thing to time. */
export interface Subject {
  /** Makes ready what is not measured. */
  readonly before?: () => Promise<unknown>;
  /** Rejects where the command did not do what it is timed for. */
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
 * Times subjects in turn, A B C A B C …, so that what else the machine does meets all of them alike. A first
 * round, which fills caches, is not counted.
 *
 * @returns milliseconds by subject, a value a round
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
