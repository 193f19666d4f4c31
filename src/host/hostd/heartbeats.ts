import type { Reading } from "../units/heartbeat-file.ts";
import type { AgentSnapshot, DecisionStep, StepContext } from "./types.ts";

export const noticePause: DecisionStep = (memory, { snapshot: { paused }, report }) => {
  if (paused === memory.paused) return memory;
  if (paused === "") report("resumed", `no longer ${memory.paused}`);
  else report("paused", paused);
  return { ...memory, paused };
};

export const noticeHeartbeats: DecisionStep = (memory, { snapshot, clock, report }) => {
  const { reading } = snapshot;
  const isExcused = isNotExpected(snapshot) || memory.quarantined;
  const isNew = reading.mark !== undefined && reading.mark !== memory.mark;
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
  };
};

/**
 * Whether no heartbeat is expected, because the agent sends none, is paused or does not run, or because its
 * heartbeat could not be read.
 */
function isNotExpected({ reading, unit, paused, policy }: AgentSnapshot): boolean {
  const { by } = policy.heartbeat;
  return by === "none" || unit.state !== "up" || paused !== "" || reading.unknown !== undefined;
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
    return { ...memory, health: "hung", alive: clock };
  }
  if (silent < 3 * interval || memory.health !== "well") return memory;
  // Only a query of systemd shows the agent's last ping.
  if (by === "notify" && !isFresh) requestRefresh();
  report("stale", reason);
  return { ...memory, health: "stale" };
};
