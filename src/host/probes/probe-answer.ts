/** The result of one probe. `detail` is the response, or the reason why the probe failed. */
export interface ProbeAnswer {
  readonly ok: boolean;
  readonly detail: string;
}

/** Returns the result of a probe that received no response in time. @param timeout seconds */
export function noAnswer(timeout: number): ProbeAnswer {
  return { ok: false, detail: `no answer within ${timeout} s` };
}
