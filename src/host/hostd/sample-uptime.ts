import type { Host } from "../context.ts";
import { readPause } from "../units/quarantine.ts";
import { isIdle } from "../units/read-heartbeat.ts";
import { addSamples, type UptimeSample } from "../units/uptime-record.ts";
import type { AgentSnapshot } from "./decision-step.ts";
import { attempt } from "./execute.ts";

/** Seconds between two samples. */
const EVERY = 60;

/** The maximum number of seconds that a sample represents. Time in which the deadman did not run does not count. */
const MOST = 2 * EVERY;

/** Samples which agents run and work. @param now seconds of the monotonic clock */
export type UptimeSampler = (now: number, agents: Readonly<Record<string, AgentSnapshot>>) => void;

/** Creates a sampler that writes one record a minute. The first sample only starts the clock. */
export function uptimeSampler(host: Host, start: number): UptimeSampler {
  let sampledAt = start;
  return (now, agents) => {
    const since = now - sampledAt;
    if (since < EVERY) return;
    sampledAt = now;
    const samples = Object.values(agents).flatMap((one) => sampleOf(host, one));
    const seconds = Math.round(Math.min(since, MOST));
    if (samples.length > 0)
      attempt("cannot write the record of uptimes", () => addSamples(host, samples, seconds));
  };
}

/** Returns the sample of an agent that should always run; empty for a service or an agent on demand. */
function sampleOf(host: Host, { policy, unit, reading, pid = 0 }: AgentSnapshot): UptimeSample[] {
  if (policy.service !== undefined || policy.ttl !== undefined) return [];
  const { agent } = policy;
  const pause = readPause(host, policy.unit);
  // A parked agent does not run, although nobody wants it to be stopped.
  if (pause !== undefined && pause.park === undefined) return [{ agent, state: "paused" }];
  if (unit.state !== "up" || unit.isStray === true) return [{ agent, state: "down" }];
  // An agent that waits for an answer of a person does not work.
  const waits = reading.state === "blocked" || isIdle(reading, pid);
  return [{ agent, state: waits ? "idle" : "busy" }];
}
