/** Milliseconds of several runs of one command. */
export type Runs = readonly number[];

export interface Summary {
  readonly runs: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The median and the extremes of a series that is not empty. */
export function summarize(runs: Runs): Summary {
  const sorted = [...runs].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = mean(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1));
  return { runs: sorted.length, min: sorted[0] ?? Number.NaN, median, max: sorted.at(-1) ?? Number.NaN };
}

/** The smallest value that the given percentage of a series does not exceed, by nearest rank. */
export function percentile(runs: Runs, percent: number): number {
  const sorted = [...runs].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
