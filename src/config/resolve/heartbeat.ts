import type { Heartbeat } from "../../model/deadman.ts";
import { type RuntimeKind, runtimeOf } from "../../runtimes/registry.ts";
import type { RawAgent } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";

/**
 * The default intervals in seconds. The interval for `pane` is longer, because the kernel records the time of the last
 * write to a terminal only with a precision of 8 s. The interval for `runtime` is longer, because some runtimes need more
 * than a minute to start on a busy host.
 */
const INTERVAL = { file: 15, notify: 15, pane: 60, none: 15, runtime: 60 } as const;

/**
 * The minimum timeout and the default timeout, in heartbeat intervals. A heartbeat can be late, so one missing
 * heartbeat does not make an agent stale.
 */
const LEAST = 3;
const USUAL = 4;

/**
 * Resolves the heartbeat of an agent and fills in the defaults. `watchdog` is a short form of `heartbeat`
 * with `by: notify`.
 */
export function heartbeatOf(raw: RawAgent, runtime: RuntimeKind, keys: Keys, context: Context): Heartbeat {
  const { watchdog, heartbeat = { by: runtimeOf(runtime).heartbeat } } = raw;
  if (watchdog !== undefined && raw.heartbeat !== undefined) {
    const sentence = "cannot be combined with `heartbeat`: write only `heartbeat: {by: notify, timeout: …}`";
    context.report.error(context.source, [...keys, "watchdog"], sentence, "key");
  }
  if (watchdog !== undefined) return { by: "notify", ...timesOf(secondsOf(watchdog)) };
  const { sent } = heartbeat;
  const { beats } = runtimeOf(runtime);
  if (heartbeat.by === "runtime" && beats === undefined) {
    const sentence = `cannot be \`runtime\` for ${runtime}, which sends no heartbeats: use \`file\``;
    context.report.error(context.source, [...keys, "heartbeat", "by"], sentence);
  }
  const by = heartbeat.by === "runtime" ? "file" : heartbeat.by;
  if (sent !== undefined && heartbeat.by !== "file") {
    const sentence = "needs `by: file`, because only a heartbeat file says that an agent is idle";
    context.report.error(context.source, [...keys, "heartbeat", "sent"], sentence, "key");
  }
  const sender = heartbeat.by === "runtime" ? beats : sent;
  const how = { by, ...(sender && { sent: sender }) };
  if (heartbeat.interval === undefined && heartbeat.timeout !== undefined)
    return { ...how, ...timesOf(secondsOf(heartbeat.timeout)) };
  const interval = secondsOf(heartbeat.interval ?? INTERVAL[heartbeat.by]);
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
  return { ...how, interval, timeout };
}

/** Derives the interval from the timeout, for an agent that declares only a timeout. */
function timesOf(timeout: number): { interval: number; timeout: number } {
  return { interval: timeout / USUAL, timeout };
}
