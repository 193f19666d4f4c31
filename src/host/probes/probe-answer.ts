/** The result of one probe. `detail` is the answer, or why the probe failed. */
export interface ProbeAnswer {
  readonly ok: boolean;
  readonly detail: string;
}

/** Returns the result of a probe that got no answer in time. @param timeout seconds */
export function noAnswer(timeout: number): ProbeAnswer {
  return { ok: false, detail: `no answer within ${timeout} s` };
}
