import type { Reading } from "../units/heartbeat-file.ts";
import type { AgentSnapshot, DecisionStep, StepContext } from "./types.ts";

export const noticePause: DecisionStep = (memory, { snapshot: { paused }, report }) => {
  if (paused === memory.paused) return memory;
  if (paused === "") report("resumed", `no longer ${memory.paused}`);
  else report("paused", paused);
  return { ...memory, paused };
};

export const noticeBeats: DecisionStep = (memory, { snapshot, clock, report }) => {
  const { reading } = snapshot;
  const rests = isNotExpected(snapshot) || memory.quarantined;
  const beats = reading.mark !== undefined && reading.mark !== memory.mark;
  const told = newsOf(memory.told, reading, report);
  if (!beats && !rests && told === memory.told) return memory;
  const isBack = beats && memory.health === "stale";
  if (isBack) report("recovered");
  return {
    ...memory,
    mark: reading.mark ?? memory.mark,
    alive: beats || rests ? clock : memory.alive,
    health: isBack ? "well" : memory.health,
    told,
  };
};

/** Whether no heartbeat is expected: it has none, does not run, is paused or cannot be read. */
function isNotExpected({ reading, unit, paused, policy }: AgentSnapshot): boolean {
  const { by } = policy.heartbeat;
  return by === "none" || unit.state !== "up" || paused !== "" || reading.unknown !== undefined;
}

/** Reports a heartbeat that is invalid or says that its agent is stuck, when that begins. */
function newsOf(told: string, { problem, state, task }: Reading, report: StepContext["report"]): string {
  const news = problem ?? (state === "stuck" ? "stuck" : "");
  if (news === told || news === "") return news;
  if (problem === undefined) report("stuck", task);
  else report("bad-heartbeat", problem);
  return news;
}

/** Agents that ping systemd's watchdog are killed by systemd; here they are only reported as stale. */
export const killHanging: DecisionStep = (
  memory,
  { snapshot: { unit, policy, isFresh }, clock, requestRefresh, report, act },
) => {
  const { by, interval, timeout } = policy.heartbeat;
  const silent = clock - memory.alive;
  if (by === "none" || unit.state !== "up" || memory.quarantined) return memory;
  const said = `no heartbeat for ${Math.round(silent)} s`;
  if (silent >= timeout && by !== "notify") {
    if (!isFresh) requestRefresh();
    report("hung", said);
    act("kill", said);
    // If this does not end it, it is killed again only after another timeout.
    return { ...memory, health: "hung", alive: clock };
  }
  if (silent < 3 * interval || memory.health !== "well") return memory;
  // Only systemd knows its pings.
  if (by === "notify" && !isFresh) requestRefresh();
  report("stale", said);
  return { ...memory, health: "stale" };
};
