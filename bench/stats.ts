/** The durations of several runs of one command, in milliseconds. */
export type Runs = readonly number[];

export interface Summary {
  readonly runs: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Returns the median and the extremes of a series that is not empty. */
export function summarize(runs: Runs): Summary {
  const sorted = [...runs].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = mean(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1));
  return { runs: sorted.length, min: sorted[0] ?? Number.NaN, median, max: sorted.at(-1) ?? Number.NaN };
}

/**
 * Returns the percentile of a series by nearest rank: the given percentage of the values is not larger than the
 * returned value.
 */
export function percentile(runs: Runs, percent: number): number {
  const sorted = [...runs].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
