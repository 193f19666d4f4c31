import type { Reading } from "../units/heartbeat-file.ts";
import type { AgentSnapshot, DecisionStep, StepContext } from "./types.ts";

export const noticePause: DecisionStep = (memory, { seen: { paused }, tell }) => {
  if (paused === memory.paused) return memory;
  if (paused === "") tell("resumed", `no longer ${memory.paused}`);
  else tell("paused", paused);
  return { ...memory, paused };
};

export const noticeBeats: DecisionStep = (memory, { seen, clock, tell }) => {
  const { reading } = seen;
  const rests = isNotExpected(seen) || memory.quarantined;
  const beats = reading.mark !== undefined && reading.mark !== memory.mark;
  const told = newsOf(memory.told, reading, tell);
  if (!beats && !rests && told === memory.told) return memory;
  const isBack = beats && memory.health === "stale";
  if (isBack) tell("recovered");
  return {
    ...memory,
    mark: reading.mark ?? memory.mark,
    alive: beats || rests ? clock : memory.alive,
    health: isBack ? "well" : memory.health,
    told,
  };
};

/** Whether no silence counts: of who need not beat, does not run, is left alone or cannot be read. */
function isNotExpected({ reading, unit, paused, policy }: AgentSnapshot): boolean {
  const { by } = policy.heartbeat;
  return by === "none" || unit.state !== "up" || paused !== "" || reading.unknown !== undefined;
}

/** Tells of a heartbeat that is wrong, or says that its agent is stuck, when that begins. */
function newsOf(told: string, { problem, state, task }: Reading, tell: StepContext["tell"]): string {
  const news = problem ?? (state === "stuck" ? "stuck" : "");
  if (news === told || news === "") return news;
  if (problem === undefined) tell("stuck", task);
  else tell("bad-heartbeat", problem);
  return news;
}

/** systemd's own watchdog acts for those that ping it; here they are only seen to be stale. */
export const killHanging: DecisionStep = (
  memory,
  { seen: { unit, policy, isFresh }, clock, wantLook, tell, act },
) => {
  const { by, interval, timeout } = policy.heartbeat;
  const silent = clock - memory.alive;
  if (by === "none" || unit.state !== "up" || memory.quarantined) return memory;
  const said = `no heartbeat for ${Math.round(silent)} s`;
  if (silent >= timeout && by !== "notify") {
    if (!isFresh) wantLook();
    tell("hung", said);
    act("kill", said);
    // Stopped again only after another timeout, should this not have ended it.
    return { ...memory, health: "hung", alive: clock };
  }
  if (silent < 3 * interval || memory.health !== "well") return memory;
  // Its pings are known only from systemd.
  if (by === "notify" && !isFresh) wantLook();
  tell("stale", said);
  return { ...memory, health: "stale" };
};
