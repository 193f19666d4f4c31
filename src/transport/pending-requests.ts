import type { MusterError } from "../base/errors.ts";

interface Due<Answer> {
  readonly seconds: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: MusterError) => void;
}

/** Requests that were sent and not answered yet. */
export interface Pending<Answer> {
  /** @returns the request's number, and the promise of its answer */
  add(seconds: number): { seq: number; answer: Promise<Answer> };
  /** Ends the waiting for one request; a number that nobody waits for is passed over. */
  settle(seq: number, outcome: { answer: Answer } | { error: MusterError }): void;
  /** Rejects all that wait. */
  failAll(error: MusterError): void;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

/**
 * Keeps the requests of one connection, whose host answers one after the other: a request's time runs
 * only while nothing before it is answered.
 *
 * @param onHung called when no answer came for as long as the most patient request waits, in seconds
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
    for (const tell of whenIdle) tell();
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
