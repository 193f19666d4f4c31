import type { Reading } from "../units/heartbeat-file.ts";
import type { Unit } from "../units/observe-units.ts";
import type { WatchedUnit } from "../units/policies.ts";
import { processorTime } from "../units/processor-time.ts";
import { isIdle } from "../units/read-heartbeat.ts";

/** Seconds over which the processor time of an agent is measured. */
const WINDOW = 20;

/** The share of one core that an idle agent may use. The known runtimes use less than this share at their prompt. */
const IDLE_SHARE = 0.01;

interface Sample {
  /** Seconds of the monotonic clock. */
  readonly at: number;
  /** Seconds of processor time. */
  readonly used: number;
  readonly isIdle: boolean;
}

/** Decides whether agents are idle, even if their terminal is never quiet. */
export interface IdleTracker {
  isIdle(policy: WatchedUnit, unit: Unit, reading: Reading, now: number): boolean;
}

/** Creates a tracker. The tracker remembers the processor time of each run that a caller has queried. */
export function newIdleTracker(measure: (pid: number) => number = processorTime): IdleTracker {
  const samples = new Map<string, Sample>();
  return {
    isIdle: (policy, unit, reading, now) => {
      if (isIdle(reading, unit.pid)) return true;
      if (reading.state !== undefined || policy.showsWork === true) return false;
      const last = samples.get(unit.run);
      if (last !== undefined && now - last.at < WINDOW) return last.isIdle;
      const used = measure(unit.pid);
      const isQuiet = last !== undefined && used - last.used < IDLE_SHARE * (now - last.at);
      samples.set(unit.run, { at: now, used, isIdle: isQuiet });
      return isQuiet;
    },
  };
}
