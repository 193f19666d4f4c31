import type { WatchedUnit } from "../units/policies.ts";
import type { AgentMemory } from "./memory.ts";
import type { DecisionStep, StepContext } from "./types.ts";

/** An agent that was never seen has no past to tell. */
export const noticeRuns: DecisionStep = (memory, { seen, clock, tell }) => {
  const { unit, policy, isQuarantined } = seen;
  const wasMet = memory.run !== "";
  if (unit.run !== memory.run && unit.state !== "down") {
    const crashed = unit.restarts > (memory.countedAtRun ?? memory.counted);
    if (wasMet && crashed && !isExpected(memory)) tell("died");
    if (wasMet) tell(crashed ? "restarted" : "started");
    return {
      ...memory,
      run: unit.run,
      countedAtRun: unit.restarts,
      alive: clock,
      health: "well",
      told: "",
    };
  }
  const hasEnded = unit.state === "ended" || unit.state === "down";
  if (!wasMet || !hasEnded || isExpected(memory)) return memory;
  const wasStopped = unit.state === "down" && unit.result === "success";
  const end = policy.ttl === undefined ? "stopped" : "ended";
  if (!isQuarantined) tell(wasStopped ? end : "died", unit.result === "success" ? "" : unit.result);
  return { ...memory, health: "down" };
};

/** Whether its end is no news: it was told, or brought about. */
function isExpected({ health }: AgentMemory): boolean {
  return health === "hung" || health === "down";
}

/** What a program left behind that forked away is not the agent: it ends, and systemd starts that again. */
export const killStrays: DecisionStep = (
  memory,
  { seen: { unit, paused, isFresh }, wantLook, tell, act },
) => {
  if (unit.isStray !== true || paused !== "" || memory.quarantined || isExpected(memory)) return memory;
  if (!isFresh) wantLook();
  const said = "its program left its terminal";
  tell("died", said);
  act("kill", said);
  return { ...memory, health: "down" };
};

/** One that is not always on stops by itself, and that is no failure. */
export const stopFinished: DecisionStep = (
  memory,
  { seen: { unit, policy, age, paused, isFresh }, wantLook, tell, act },
) => {
  const { ttl } = policy;
  if (ttl === undefined || unit.state !== "up" || age < ttl) return memory;
  if (paused !== "" || isExpected(memory)) return memory;
  if (!isFresh) wantLook();
  const said = `its ${Math.round(ttl)} s are over`;
  tell("ended", said);
  act("stop", said);
  return { ...memory, health: "down" };
};

/** While it is left alone, nothing that happens is held against an agent later. */
export const countRestarts: DecisionStep = (
  memory,
  { seen: { unit, policy, paused, isQuarantined }, clock },
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
  const counts = paused === "" && !isReleased;
  const restarts = counts ? [...late, ...Array.from({ length: more }, () => clock)] : late;
  return { ...memory, counted: unit.restarts, restarts, quarantined: isQuarantined };
};

export const quarantineCrashing: DecisionStep = (memory, turn) => {
  const { unit, policy, paused } = turn.seen;
  if (memory.quarantined) {
    if (unit.state !== "down") turn.act("stop", "it is in quarantine");
    return memory;
  }
  if (paused !== "" || !isTooMuch(memory, policy)) return memory;
  return quarantineFor(memory, turn);
};

/** Of a service the last restart that it may have is given its chance: its check tells what came of it. */
function isTooMuch({ restarts }: AgentMemory, { restarts: { most }, service }: WatchedUnit): boolean {
  if (service === undefined) return restarts.length >= most;
  return service.onUnhealthy === "restart" && restarts.length > most;
}

/** Into quarantine, for its restarts of late. */
export function quarantineFor(
  memory: AgentMemory,
  { seen: { policy }, tell, act }: StepContext,
): AgentMemory {
  const reason = `${memory.restarts.length} restarts within ${Math.round(policy.restarts.within / 60)} min`;
  tell("quarantined", reason);
  act("hold", reason);
  return { ...memory, quarantined: true };
}

/** Seconds that a run has at least: whoever started it just now waits to see whether it stays. */
const SETTLES = 3;

/** Starts again what runs with what was declared before: when it is idle, and at the latest when its time is up. */
export const restartDeferred: DecisionStep = (memory, { seen, clock, wantLook, tell, act }) => {
  const { owed, unit, age, paused, isFresh } = seen;
  const { owedSince, ...rest } = memory;
  if (owed === undefined) return owedSince === undefined ? memory : rest;
  const since = owedSince ?? clock;
  const isDue = owed.isIdle || clock - since >= owed.within;
  if (!isDue || unit.state !== "up" || age < SETTLES || paused !== "" || memory.quarantined)
    return { ...rest, owedSince: since };
  if (!isFresh) wantLook();
  const said = owed.isIdle ? "it is idle" : "its deadline is over";
  tell("asked", `to start again for a change, as ${said}`);
  act("restart", said);
  // Its end is brought about, and no news.
  return { ...rest, owedSince: since, health: "down" };
};
