import { MusterError } from "../base/errors.ts";

/** Tracks the running requests, so that the provider does not exit while a request is running. */
export interface InFlight {
  /** Runs one request. @throws MusterError after `close` */
  enter<T>(work: () => Promise<T>): Promise<T>;
  /** Refuses new requests. Running requests continue. */
  close(): void;
  /** Resolves when no request is running. */
  idle(): Promise<void>;
}

/** Creates a tracker with no running requests. */
export function countInFlight(): InFlight {
  const running = new Set<Promise<unknown>>();
  let open = true;
  return {
    enter: async (work) => {
      if (!open)
        throw new MusterError({
          what: "this request was not started",
          why: "the run was cancelled.",
          next: "Run the command again.",
        });
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
