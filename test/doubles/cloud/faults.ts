/** What a test does to requests. Without `times` it lasts until it is healed. */
export interface Fault {
  /** A regular expression on `METHOD /v2/path`; every request where left out. */
  readonly match?: string;
  readonly times?: number;
  readonly status?: number;
  /** Seconds, told with the status. */
  readonly retryAfter?: number;
  readonly message?: string;
  /** Milliseconds before anything else. */
  readonly delay?: number;
  /** The connection is cut: before anything is done, or after, so that the answer alone is lost. */
  readonly cut?: "before" | "after";
}

export interface Faults {
  add(fault: Fault): number;
  heal(number?: number): void;
  /** The oldest fault that a request meets; it counts as met. */
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
