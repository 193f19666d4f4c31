import type { Reading } from "../units/heartbeat-file.ts";
import type { AgentSnapshot, DecisionStep, StepContext } from "./decision-step.ts";
import type { Rhythm } from "./saved-memory.ts";

export const noticeHeartbeats: DecisionStep = (memory, { snapshot, clock, report }) => {
  const { reading } = snapshot;
  const isNew = reading.mark !== undefined && reading.mark !== memory.mark;
  const rhythm = isNew ? nextRhythm(memory.rhythm, snapshot, clock) : memory.rhythm;
  const isExcused = isNotExpected(snapshot) || memory.quarantined || isWaiting(snapshot, rhythm);
  const told = reportProblem(memory.told, reading, report);
  if (!isNew && !isExcused && told === memory.told) return memory;
  const isBack = isNew && memory.health === "stale";
  if (isBack) report("recovered");
  return {
    ...memory,
    mark: reading.mark ?? memory.mark,
    alive: isNew || isExcused ? clock : memory.alive,
    health: isBack ? "well" : memory.health,
    told,
    ...(rhythm && { rhythm }),
  };
};

/**
 * Whether no heartbeat is expected. No heartbeat is expected if the agent sends no heartbeats, is held or does not run,
 * or if its heartbeat could not be read.
 */
function isNotExpected({ reading, unit, held, policy }: AgentSnapshot): boolean {
  const { by } = policy.heartbeat;
  return by === "none" || unit.state !== "up" || held !== "" || reading.unknown !== undefined;
}

/** An agent that sends this number of consecutive idle heartbeats at regular intervals uses a timer to send them. */
const TIMED = 4;

/** Returns the rhythm of this run's heartbeats after a new heartbeat. */
function nextRhythm(before: Rhythm | undefined, { reading, policy }: AgentSnapshot, clock: number): Rhythm {
  const isRegular = before !== undefined && clock - before.at <= 2 * policy.heartbeat.interval;
  const idle = reading.state === "idle" ? (isRegular ? before.idle : 0) + 1 : 0;
  const { state } = reading;
  const since = before?.state === state ? (before?.since ?? clock) : clock;
  return {
    at: clock,
    idle,
    isTimed: before?.isTimed === true || idle >= TIMED,
    ...(state && { state, since }),
  };
}

/**
 * Returns the rhythm after an agent was killed because it hung. If no timer was noticed in this run, the agent may send
 * its heartbeats in a different way than in earlier runs. The agent must not be killed again for this.
 */
function relearned(rhythm: Rhythm | undefined): { readonly rhythm?: Rhythm } {
  return rhythm === undefined ? {} : { rhythm: { ...rhythm, isTimed: rhythm.idle >= TIMED } };
}

/**
 * Whether an agent waits for work or for a person, and sends its next heartbeat only when the wait is over. In that
 * case, a missing heartbeat does not count. If a timer sends the heartbeats, a waiting agent sends heartbeats too, and
 * a missing heartbeat counts.
 */
function isWaiting(
  { reading: { state }, policy: { heartbeat } }: AgentSnapshot,
  rhythm: Rhythm | undefined,
): boolean {
  if (heartbeat.by !== "file") return false;
  // Some runtimes run no hook before they get their first work.
  if (state === undefined) return heartbeat.sent === "hooks";
  if (state !== "idle" && state !== "blocked") return false;
  return heartbeat.sent === undefined ? rhythm?.isTimed !== true : heartbeat.sent !== "timer";
}

/**
 * Reports once that a heartbeat is invalid, or that an agent is stuck.
 *
 * @param last the problem at the last observation; empty if there was none
 * @returns the current problem; empty if there is none
 */
function reportProblem(
  last: string,
  { problem, state, task }: Reading,
  report: StepContext["report"],
): string {
  const now = problem ?? (state === "stuck" ? "stuck" : "");
  if (now === last || now === "") return now;
  if (problem === undefined) report("stuck", task);
  else report("bad-heartbeat", problem);
  return now;
}

/** Reports when a dialog waits for a person, and when the dialog is closed. The agent itself continues to run. */
export const noticeDialogs: DecisionStep = (memory, { snapshot: { question, unit }, report }) => {
  const { question: known, ...rest } = memory;
  if (question === known) return memory;
  if (question !== undefined) {
    report("blocked", question);
    return { ...rest, question };
  }
  if (unit.state === "up") report("unblocked");
  return rest;
};

/** Reports the turns that the agent has lost since the last report. */
export const noticeLostTurns: DecisionStep = (memory, { snapshot: { lostTurns = [] }, report }) => {
  const { lostTurn = 0 } = memory;
  const added = lostTurns.filter(({ number }) => number > lostTurn);
  for (const { reason } of added) report("turn-lost", reason);
  const last = added.at(-1);
  return last === undefined ? memory : { ...memory, lostTurn: last.number };
};

/**
 * Kills an agent that hangs. An agent that pings systemd's watchdog is only reported as stale here, because
 * systemd kills it.
 */
export const killHanging: DecisionStep = (
  memory,
  { snapshot: { unit, policy, isFresh }, clock, requestRefresh, report, act },
) => {
  const { by, interval, timeout } = policy.heartbeat;
  const silent = clock - memory.alive;
  if (by === "none" || unit.state !== "up" || memory.quarantined) return memory;
  const reason = `no heartbeat for ${Math.round(silent)} s`;
  if (silent >= timeout && by !== "notify") {
    if (!isFresh) requestRefresh();
    report("hung", reason);
    act("kill", reason);
    // If the agent survives the kill, it is killed again only after another timeout.
    return { ...memory, health: "hung", alive: clock, ...relearned(memory.rhythm) };
  }
  if (silent < 3 * interval || memory.health !== "well") return memory;
  // Only a query of systemd shows the agent's last ping.
  if (by === "notify" && !isFresh) requestRefresh();
  report("stale", reason);
  return { ...memory, health: "stale" };
};
