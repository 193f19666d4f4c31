/** What a test does to requests. Without `times` it lasts until `heal`. */
export interface Fault {
  /** A regular expression on `METHOD /v2/path`. Left out: every request. */
  readonly match?: string;
  readonly times?: number;
  readonly status?: number;
  /** Seconds, returned with the status. */
  readonly retryAfter?: number;
  readonly message?: string;
  /** Milliseconds before anything else. */
  readonly delay?: number;
  /** Cuts the connection: before the work, or after it, so that only the answer is lost. */
  readonly cut?: "before" | "after";
}

export interface Faults {
  add(fault: Fault): number;
  heal(number?: number): void;
  /** Returns the oldest fault that matches a request, and counts it. */
  meet(request: string): Fault | undefined;
}

export function makeFaults(): Faults {
  const active = new Map<number, { fault: Fault; left: number }>();
  let next = 1;
  return {
    add: (fault) => {
      active.set(next, { fault, left: fault.times ?? Number.POSITIVE_INFINITY });
      return next++;
    },
    heal: (number) => {
      if (number === undefined) active.clear();
      else active.delete(number);
    },
    meet: (request) => {
      for (const [number, one] of active) {
        if (!new RegExp(one.fault.match ?? "").test(request)) continue;
        one.left -= 1;
        if (one.left <= 0) active.delete(number);
        return one.fault;
      }
      return undefined;
    },
  };
}
