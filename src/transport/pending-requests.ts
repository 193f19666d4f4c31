import type { MusterError } from "../base/errors.ts";

/** A request that has not been answered yet. */
interface Due<Answer> {
  readonly seconds: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: MusterError) => void;
}

/** The requests of a connection that have not been answered yet. */
export interface Pending<Answer> {
  /**
   * Adds a request with a timeout in seconds. @returns the number of the request and a promise of its answer
   */
  add(seconds: number): { seq: number; answer: Promise<Answer> };
  /** Resolves or rejects the request with this number. Unknown numbers are ignored. */
  settle(seq: number, outcome: { answer: Answer } | { error: MusterError }): void;
  /** Rejects all requests. */
  failAll(error: MusterError): void;
  /** Resolves when all requests have been answered or rejected. */
  idle(): Promise<void>;
}

/**
 * Tracks the requests of one connection. The host answers the requests one after another, so every answer restarts the
 * timeout. The timeout is the longest timeout of all pending requests.
 *
 * @param onHung called with the timeout in seconds if no answer arrives in time
 */
export function pendingRequests<Answer>(onHung: (seconds: number) => void): Pending<Answer> {
  const due = new Map<number, Due<Answer>>();
  let timer: NodeJS.Timeout | undefined;
  let whenIdle: (() => void)[] = [];
  let last = 0;

  const changed = () => {
    clearTimeout(timer);
    if (due.size > 0) {
      const seconds = Math.max(...[...due.values()].map((one) => one.seconds));
      timer = setTimeout(() => onHung(seconds), seconds * 1000);
      return;
    }
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  };
  return {
    add: (seconds) => {
      const seq = ++last;
      const answer = new Promise<Answer>((resolve, reject) => due.set(seq, { seconds, resolve, reject }));
      changed();
      return { seq, answer };
    },
    settle: (seq, outcome) => {
      const one = due.get(seq);
      due.delete(seq);
      changed();
      if ("answer" in outcome) one?.resolve(outcome.answer);
      else one?.reject(outcome.error);
    },
    failAll: (error) => {
      const all = [...due.values()];
      due.clear();
      changed();
      for (const one of all) one.reject(error);
    },
    idle: () => new Promise((resolve) => (due.size === 0 ? resolve() : whenIdle.push(resolve))),
  };
}
