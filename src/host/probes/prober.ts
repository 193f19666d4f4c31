import { isDeepStrictEqual } from "node:util";
import type { HealthCheck } from "../../model/health.ts";
import type { ProbeAnswer } from "./probe-answer.ts";
import { runProbe } from "./run-probe.ts";

/** The last answer to a check. */
export interface Answered extends ProbeAnswer {
  /** Tells it from the one before. */
  readonly count: number;
  /** How many answers in a row were as this one: health, or none. */
  readonly alike: number;
}

/** Runs probes in the background: its owner polls for the last answers. */
export interface Prober {
  /**
   * Starts the probes that are due. A check that is left out or has changed starts from zero.
   *
   * @param wanted every check that there is, by name
   * @param now seconds of a clock that only goes forward
   * @returns what was answered last, by name; nothing of a check that has no answer yet
   */
  poll(wanted: ReadonlyMap<string, HealthCheck>, now: number): ReadonlyMap<string, Answered>;
}

interface Watched {
  readonly check: HealthCheck;
  due: number;
  isAsked: boolean;
  last?: Answered;
}

/** @param probe asks once; it must not fail */
export function newProber(probe: typeof runProbe = runProbe): Prober {
  const all = new Map<string, Watched>();

  const start = (watched: Watched, now: number) => {
    watched.isAsked = true;
    watched.due = now + watched.check.interval;
    void probe(watched.check.probe).then((answer) => {
      watched.isAsked = false;
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
          : { check, due: now, isAsked: false };
      all.set(name, watched);
      // One that hangs is asked again when its time is over, never twice at once.
      if (!watched.isAsked && watched.due <= now) start(watched, now);
    }
    return new Map([...all].flatMap(([name, { last }]) => (last === undefined ? [] : [[name, last]])));
  };
  return { poll };
}

function follow(last: Answered | undefined, answer: ProbeAnswer): Answered {
  const { count = 0, alike = 0, ok } = last ?? {};
  return { ...answer, count: count + 1, alike: ok === answer.ok ? alike + 1 : 1 };
}
