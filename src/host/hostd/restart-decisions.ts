import type { WatchedUnit } from "../units/policies.ts";
import type { DecisionStep, StepContext } from "./decision-step.ts";
import type { AgentMemory } from "./saved-memory.ts";

/** Reports starts and ends of a unit. The first observation of an agent is not reported. */
export const noticeRuns: DecisionStep = (memory, { snapshot, clock, report }) => {
  const { unit, policy, isQuarantined, end: lastEnd } = snapshot;
  const wasMet = memory.run !== "";
  if (unit.run !== memory.run && unit.state !== "down") {
    const crashed = unit.restarts > (memory.countedAtRun ?? memory.counted);
    if (wasMet && crashed && !isExpected(memory)) report("died", lastEnd);
    if (wasMet) report(crashed ? "restarted" : "started");
    return {
      ...memory,
      run: unit.run,
      countedAtRun: unit.restarts,
      alive: clock,
      health: "well",
      told: "",
      // The agent probably still sends its heartbeats in the same way as in its last run.
      ...(memory.rhythm && { rhythm: { at: memory.rhythm.at, idle: 0, isTimed: memory.rhythm.isTimed } }),
    };
  }
  const hasEnded = unit.state === "ended" || unit.state === "down";
  if (!wasMet || !hasEnded || isExpected(memory)) return memory;
  const wasStopped = unit.state === "down" && unit.result === "success";
  const reason = unit.result === "success" ? lastEnd : unit.result;
  if (isQuarantined) return { ...memory, health: "down" };
  if (wasStopped) report(policy.ttl === undefined ? "stopped" : "ended");
  else report("died", reason);
  return { ...memory, health: "down" };
};

/** Whether the end of the run has already been reported, or was caused by the deadman. */
function isExpected({ health }: AgentMemory): boolean {
  return health === "hung" || health === "down";
}

/**
 * Kills the remaining processes of a program that has forked and left its tmux.
 * systemd then restarts the agent.
 */
export const killStrays: DecisionStep = (
  memory,
  { snapshot: { unit, held, isFresh }, requestRefresh, report, act },
) => {
  if (unit.isStray !== true || held !== "" || memory.quarantined || isExpected(memory)) return memory;
  if (!isFresh) requestRefresh();
  const reason = "its program has ended or left its terminal, but other processes of its unit still ran";
  report("died", reason);
  act("kill", reason);
  return { ...memory, health: "down" };
};

/** Stops an agent after its time to live has passed. */
export const stopFinished: DecisionStep = (
  memory,
  { snapshot: { unit, policy, age, held, isFresh }, requestRefresh, report, act },
) => {
  const { ttl } = policy;
  if (ttl === undefined || unit.state !== "up" || age < ttl) return memory;
  if (held !== "" || isExpected(memory)) return memory;
  if (!isFresh) requestRefresh();
  const reason = `its time to live of ${Math.round(ttl)} s has passed`;
  report("ended", reason);
  act("stop", reason);
  return { ...memory, health: "down" };
};

/** Counts recent restarts. Restarts while an agent is held do not count. */
export const countRestarts: DecisionStep = (
  memory,
  { snapshot: { unit, policy, held, isQuarantined }, clock },
) => {
  if (
    unit.restarts === memory.counted &&
    memory.restarts.length === 0 &&
    !memory.quarantined &&
    !isQuarantined
  )
    return memory;
  const more = unit.restarts >= memory.counted ? unit.restarts - memory.counted : unit.restarts;
  const isReleased = memory.quarantined && !isQuarantined;
  const late = isReleased ? [] : memory.restarts.filter((at) => clock - at < policy.restarts.within);
  const counts = held === "" && !isReleased;
  const restarts = counts ? [...late, ...Array.from({ length: more }, () => clock)] : late;
  return { ...memory, counted: unit.restarts, restarts, quarantined: isQuarantined };
};

export const quarantineCrashing: DecisionStep = (memory, step) => {
  const { unit, policy, held } = step.snapshot;
  if (memory.quarantined) {
    if (unit.state !== "down") step.act("stop", "it is in quarantine");
    return memory;
  }
  if (held !== "" || !isTooMuch(memory, policy)) return memory;
  return quarantineFor(memory, step);
};

/**
 * Whether there were too many recent restarts. For a service, the maximum number of restarts is still allowed, because
 * the next check shows whether the last restart has helped.
 */
function isTooMuch({ restarts }: AgentMemory, { restarts: { most }, service }: WatchedUnit): boolean {
  if (service === undefined) return restarts.length >= most;
  return service.onUnhealthy === "restart" && restarts.length > most;
}

/** Puts an agent or service into quarantine because of its recent restarts. */
export function quarantineFor(
  memory: AgentMemory,
  { snapshot: { policy }, report, act }: StepContext,
): AgentMemory {
  const reason = `${memory.restarts.length} restarts within ${Math.round(policy.restarts.within / 60)} min`;
  report("quarantined", reason);
  act("quarantine", reason);
  return { ...memory, quarantined: true };
}

/**
 * Seconds for which a new run is not restarted. During this time, the request that started the run might
 * still be checking that the run continues.
 */
const MIN_RUN = 3;

/**
 * Carries out a deferred restart when the agent is idle, or at the latest when the
 * restart's deadline has passed.
 */
export const restartDeferred: DecisionStep = (memory, { snapshot, clock, requestRefresh, report, act }) => {
  const { deferred, unit, age, held, isFresh } = snapshot;
  const { owedSince, ...rest } = memory;
  if (deferred === undefined) return owedSince === undefined ? memory : rest;
  const since = owedSince ?? clock;
  const isDue = deferred.isIdle || clock - since >= deferred.within;
  if (!isDue || unit.state !== "up" || age < MIN_RUN || held !== "" || memory.quarantined)
    return { ...rest, owedSince: since };
  if (!isFresh) requestRefresh();
  const reason = deferred.isIdle ? "it is idle" : "its deadline has passed";
  report("asked", `to restart because of a change: ${reason}`);
  act("restart", reason);
  // The end of this run is expected, so the end is not reported.
  return { ...rest, owedSince: since, health: "down" };
};
