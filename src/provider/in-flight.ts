import { MusterError } from "../base/errors.ts";

/** Counts the running requests, so that the provider does not exit in the middle of one. */
export interface InFlight {
  /** Runs one request. @throws MusterError after `close` */
  enter<T>(work: () => Promise<T>): Promise<T>;
  /** Refuses new requests; running ones continue. */
  close(): void;
  /** Resolves when no request is running any more. */
  idle(): Promise<void>;
}

/** Creates a counter without requests. */
export function countInFlight(): InFlight {
  const running = new Set<Promise<unknown>>();
  let open = true;
  return {
    enter: async (work) => {
      if (!open)
        throw new MusterError({ what: "not begun", why: "the run was cancelled.", next: "Run it again." });
      const one = work();
      running.add(one);
      return one.finally(() => running.delete(one));
    },
    close: () => {
      open = false;
    },
    idle: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
