/** What came of one probe. `detail` is why it failed, or what was answered. */
export interface ProbeAnswer {
  readonly ok: boolean;
  readonly detail: string;
}

/** That nothing came within a probe's time. @param timeout seconds */
export function noAnswer(timeout: number): ProbeAnswer {
  return { ok: false, detail: `no answer within ${timeout} s` };
}
