import { MusterError } from "../base/errors.ts";

/** Counts the requests that run, so that an end of the provider cuts none of them. */
export interface InFlight {
  /** Runs one request. @throws MusterError after the gate was closed */
  enter<T>(work: () => Promise<T>): Promise<T>;
  /** Lets nothing new begin; what runs goes on. */
  close(): void;
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>;
}

/** An open gate with nothing behind it. */
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
