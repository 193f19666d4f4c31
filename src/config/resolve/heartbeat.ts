import type { Heartbeat } from "../../model/deadman.ts";
import { type RuntimeKind, runtimeOf } from "../../runtimes/registry.ts";
import type { Keys } from "../problem.ts";
import type { RawAgent } from "../yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";

/** Seconds. A pane's terminal tells to within 8 s when it was written to. */
const INTERVAL = { file: 15, notify: 15, pane: 60, none: 15 } as const;

/** How many intervals a timeout has at least, as long an agent is merely stale, and by default. */
const LEAST = 3;
const USUAL = 4;

/** How an agent shows that it lives, with the defaults; `watchdog` is short for one way of it. */
export function heartbeatOf(raw: RawAgent, runtime: RuntimeKind, keys: Keys, context: Context): Heartbeat {
  const { watchdog, heartbeat = { by: runtimeOf(runtime).heartbeat } } = raw;
  if (watchdog !== undefined && raw.heartbeat !== undefined) {
    const sentence = "stands beside `heartbeat`: write `heartbeat: {by: notify, timeout: …}` alone";
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
        ? ["interval", "must be at most 100 s: three of them are at most five minutes"]
        : ["timeout", `must be at least three intervals, here ${LEAST * interval} s: one beat may come late`];
    context.report.error(context.source, [...keys, "heartbeat", field], sentence);
  }
  return { by, interval, timeout };
}

/** Of a timeout alone the interval is made. */
function timesOf(timeout: number): { interval: number; timeout: number } {
  return { interval: timeout / USUAL, timeout };
}
