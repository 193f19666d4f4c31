import type { Heartbeat } from "../../model/deadman.ts";
import { type RuntimeKind, runtimeOf } from "../../runtimes/registry.ts";
import type { Keys } from "../problem.ts";
import type { RawAgent } from "../yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";

/** The default intervals in seconds. The time of the last write to a pane is known only to within 8 s. */
const INTERVAL = { file: 15, notify: 15, pane: 60, none: 15 } as const;

/**
 * The minimum and the default timeout, in heartbeat intervals. An agent is stale if it has sent no heartbeat
 * for the minimum number of intervals.
 */
const LEAST = 3;
const USUAL = 4;

/** Resolves how an agent shows that it is alive, with the defaults. `watchdog` is short for `by: notify`. */
export function heartbeatOf(raw: RawAgent, runtime: RuntimeKind, keys: Keys, context: Context): Heartbeat {
  const { watchdog, heartbeat = { by: runtimeOf(runtime).heartbeat } } = raw;
  if (watchdog !== undefined && raw.heartbeat !== undefined) {
    const sentence = "cannot be combined with `heartbeat`: write only `heartbeat: {by: notify, timeout: …}`";
    context.report.error(context.source, [...keys, "watchdog"], sentence, "key");
  }
  if (watchdog !== undefined) return { by: "notify", ...timesOf(secondsOf(watchdog)) };
  const { by } = heartbeat;
  if (heartbeat.interval === undefined && heartbeat.timeout !== undefined)
    return { by, ...timesOf(secondsOf(heartbeat.timeout)) };
  const interval = secondsOf(heartbeat.interval ?? INTERVAL[by]);
  const timeout = secondsOf(heartbeat.timeout ?? Math.min(USUAL * interval, 300));
  if (timeout < LEAST * interval) {
    const [field, sentence] =
      heartbeat.timeout === undefined
        ? ["interval", "must be at most 100 s: three intervals can be at most five minutes"]
        : [
            "timeout",
            `must be at least three intervals, here ${LEAST * interval} s, because a heartbeat can be late`,
          ];
    context.report.error(context.source, [...keys, "heartbeat", field], sentence);
  }
  return { by, interval, timeout };
}

/** Derives the interval if only a timeout is declared. */
function timesOf(timeout: number): { interval: number; timeout: number } {
  return { interval: timeout / USUAL, timeout };
}
