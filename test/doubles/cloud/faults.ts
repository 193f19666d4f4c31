/** A fault that a test causes in requests. Without `times`, the fault lasts until `heal` is called. */
export interface Fault {
  /** A regular expression for `METHOD /v2/path`. If it is omitted, the fault applies to every request. */
  readonly match?: string;
  readonly times?: number;
  readonly status?: number;
  /** The value of the header `retry-after`, in seconds. */
  readonly retryAfter?: number;
  readonly message?: string;
  /** Milliseconds to wait before anything else happens. */
  readonly delay?: number;
  /** Cuts the connection either before the work, or after the work, so that only the response is lost. */
  readonly cut?: "before" | "after";
}

export interface Faults {
  add(fault: Fault): number;
  heal(number?: number): void;
  /** Returns the oldest fault that matches a request, and counts the use of the fault. */
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
