import { shown } from "../../model/shown.ts";
import type { WatchedUnit } from "../units/policies.ts";
import type { AgentMemory, Checks } from "./memory.ts";
import { quarantineFor } from "./restarts.ts";
import type { AgentSnapshot, DecisionStep, StepContext } from "./types.ts";

const NEW: Checks = { verdict: "unknown", run: "", count: 0, hasPassed: false, passed: 0, failed: 0 };

/**
 * A service is judged by its check while it is up, and by systemd's word where that says that it failed. One that
 * somebody stopped is nobody's to judge.
 */
export const watchHealth: DecisionStep = (memory, turn) => {
  const { seen, tell } = turn;
  const { service } = seen.policy;
  if (service === undefined) return memory;
  const before = ofThisRun(memory.checks ?? NEW, seen);
  if (memory.quarantined || seen.paused !== "") return { ...memory, checks: withoutJudgement(before, seen) };
  const { checks, complaint } = judged(before, seen, service);
  // Of which run of the unit an answer is, only systemd knows: it may be a new one since it was last asked.
  if (checks.count !== before.count && (!seen.check?.ok || before.verdict !== "healthy")) lookFirst(turn);
  if (checks.verdict !== before.verdict && checks.verdict !== "unknown")
    tell(checks.verdict, complaint ?? shown(seen.check?.detail));
  const after = { ...memory, checks };
  if (complaint === undefined || service.onUnhealthy === "tell") return after;
  return act(after, checks, turn);
};

/** A check of an earlier run says nothing of this one; what was found is true until another thing is. */
function ofThisRun(checks: Checks, { unit: { run } }: AgentSnapshot): Checks {
  return checks.run === run ? checks : { ...checks, run, count: 0, hasPassed: false, passed: 0, failed: 0 };
}

/** While it is left alone, no answer is held against it later. */
function withoutJudgement(checks: Checks, { check }: AgentSnapshot): Checks {
  return { ...checks, count: check?.count ?? checks.count, failed: 0 };
}

interface Found {
  readonly checks: Checks;
  /** Why it is not healthy, where that is certain by now. */
  readonly complaint?: string;
}

function judged(
  checks: Checks,
  { unit, age, check }: AgentSnapshot,
  service: WatchedUnit["service"] & {},
): Found {
  if (unit.state === "down") {
    if (unit.result === "success") return { checks: { ...checks, verdict: "unknown" } };
    return { checks: { ...checks, verdict: "unhealthy" }, complaint: `its unit failed: ${unit.result}` };
  }
  if (unit.state !== "up" || check === undefined || check.count === checks.count) return { checks };
  const { failures, successes } = service.health;
  const seen = { ...checks, count: check.count };
  if (check.ok) {
    const passed = checks.passed + 1;
    const verdict = passed >= successes ? "healthy" : checks.verdict;
    return { checks: { ...seen, verdict, hasPassed: true, passed, failed: 0 } };
  }
  if (!checks.hasPassed && age < service.grace) return { checks: { ...seen, passed: 0 } };
  const failed = checks.failed + 1;
  if (failed < failures) return { checks: { ...seen, passed: 0, failed } };
  const said = failures === 1 ? "its check failed" : `${failures} checks in a row failed`;
  // Before anything is done once more, as many must fail again.
  return {
    checks: { ...seen, verdict: "unhealthy", passed: 0, failed: 0 },
    complaint: `${said}: ${shown(check.detail)}`,
  };
}

function lookFirst({ seen, wantLook }: StepContext): void {
  if (!seen.isFresh) wantLook();
}

/** Starts it again, where it may be; otherwise it has had its chances. */
function act(memory: AgentMemory, checks: Checks, turn: StepContext): AgentMemory {
  const { seen, clock, tell } = turn;
  const { restarts, service } = seen.policy;
  const isJustDone = checks.actedAt !== undefined && clock - checks.actedAt < (service?.health.interval ?? 0);
  if (isJustDone) return memory;
  lookFirst(turn);
  if (memory.restarts.length >= restarts.most) return quarantineFor(memory, turn);
  const said = `as it is not healthy: ${memory.restarts.length + 1} of ${restarts.most}`;
  tell("asked", `to start again, ${said}`);
  turn.act("revive", said);
  // Its end is brought about, and no news.
  return {
    ...memory,
    restarts: [...memory.restarts, clock],
    health: "down",
    checks: { ...checks, actedAt: clock },
  };
}
