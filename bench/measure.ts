import { performance } from "node:perf_hooks";
import { throwIfInterrupted } from "./hold-signals.ts";

/** One command that is measured. */
export interface Subject {
  /** Preparation that is not measured. */
  readonly before?: () => Promise<unknown>;
  /** Runs the command. Rejects if the command has failed. */
  readonly run: () => Promise<unknown>;
}

/** Runs a command once. @returns the duration in milliseconds; throws an error if a signal has arrived */
export async function timed({ before, run }: Subject): Promise<number> {
  throwIfInterrupted();
  await before?.();
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/**
 * Measures the subjects in turn (A B C A B C …), so that other load on the machine affects all subjects equally. The
 * first round fills the caches and does not count.
 *
 * @returns the durations in milliseconds by subject, one value for each round
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
