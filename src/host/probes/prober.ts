import { isDeepStrictEqual } from "node:util";
import type { HealthCheck } from "../../model/health-check.ts";
import type { ProbeAnswer } from "./probe-answer.ts";
import { runProbe } from "./run-probe.ts";

/** The last result of a health check. */
export interface Answered extends ProbeAnswer {
  /** The number of results so far. This number distinguishes a result from the previous result. */
  readonly count: number;
  /** The number of consecutive results, including this result, with the same `ok`. */
  readonly streak: number;
}

/** Runs probes in the background. The caller polls for the last results. */
export interface Prober {
  /**
   * Starts the probes that are due. A check that has changed, or was missing from the last call, starts without a
   * result.
   *
   * @param wanted all checks, by name
   * @param now seconds of a monotonic clock
   * @returns the last results, by name, without checks that have no result yet
   */
  poll(wanted: ReadonlyMap<string, HealthCheck>, now: number): ReadonlyMap<string, Answered>;
}

interface Watched {
  readonly check: HealthCheck;
  due: number;
  isRunning: boolean;
  last?: Answered;
}

/** Creates a prober. @param probe runs one probe; its promise must not reject */
export function newProber(probe: typeof runProbe = runProbe): Prober {
  const all = new Map<string, Watched>();

  const start = (watched: Watched, now: number) => {
    watched.isRunning = true;
    watched.due = now + watched.check.interval;
    void probe(watched.check.probe).then((answer) => {
      watched.isRunning = false;
      watched.last = follow(watched.last, answer);
    });
  };
  const poll: Prober["poll"] = (wanted, now) => {
    for (const name of all.keys()) if (!wanted.has(name)) all.delete(name);
    for (const [name, check] of wanted) {
      const known = all.get(name);
      const watched =
        known !== undefined && isDeepStrictEqual(known.check, check)
          ? known
          : { check, due: now, isRunning: false };
      all.set(name, watched);
      // A probe that hangs is not started a second time before its time limit has passed.
      if (!watched.isRunning && watched.due <= now) start(watched, now);
    }
    return new Map([...all].flatMap(([name, { last }]) => (last === undefined ? [] : [[name, last]])));
  };
  return { poll };
}

function follow(last: Answered | undefined, answer: ProbeAnswer): Answered {
  const { count = 0, streak = 0, ok } = last ?? {};
  return { ...answer, count: count + 1, streak: ok === answer.ok ? streak + 1 : 1 };
}
