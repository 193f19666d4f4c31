import { shown } from "../../model/shorten-for-display.ts";
import type { WatchedUnit } from "../units/policies.ts";
import type { AgentSnapshot, DecisionStep, StepContext } from "./decision-step.ts";
import { quarantineFor } from "./restart-decisions.ts";
import type { AgentMemory, Checks } from "./saved-memory.ts";

const NEW: Checks = { verdict: "unknown", run: "", count: 0, hasPassed: false, passed: 0, failed: 0 };

/**
 * Follows the health of a service. While the service is up, its health check determines the health. If systemd reports
 * that the unit has failed, the service is unhealthy. If somebody has stopped the service, its health is unknown.
 */
export const watchHealth: DecisionStep = (memory, step) => {
  const { snapshot, report } = step;
  const { service } = snapshot.policy;
  if (service === undefined) return memory;
  const before = ofThisRun(memory.checks ?? NEW, snapshot);
  if (memory.quarantined || snapshot.held !== "")
    return { ...memory, checks: withoutFailures(before, snapshot) };
  const { checks, complaint } = evaluate(before, snapshot, service);
  // systemd is queried first, because the unit may have restarted since the last query. In that case, the result of the
  // check belongs to another run of the unit.
  if (checks.count !== before.count && (!snapshot.check?.ok || before.verdict !== "healthy"))
    refreshFirst(step);
  if (checks.verdict !== before.verdict && checks.verdict !== "unknown")
    report(checks.verdict, complaint ?? shown(snapshot.check?.detail));
  const after = { ...memory, checks };
  if (complaint === undefined || service.onUnhealthy === "tell") return after;
  return act(after, checks, step);
};

/**
 * Resets the counts for a new run, because results of an earlier run do not count. Keeps the verdict until the new run
 * has been checked.
 */
function ofThisRun(checks: Checks, { unit: { run } }: AgentSnapshot): Checks {
  return checks.run === run ? checks : { ...checks, run, count: 0, hasPassed: false, passed: 0, failed: 0 };
}

/** Skips the last result and sets the count of failures to 0, because results during a pause do not count. */
function withoutFailures(checks: Checks, { check }: AgentSnapshot): Checks {
  return { ...checks, count: check?.count ?? checks.count, failed: 0 };
}

interface Evaluation {
  readonly checks: Checks;
  /** Why the service is unhealthy; absent if it is healthy or if its health is not certain yet. */
  readonly complaint?: string;
}

function evaluate(
  checks: Checks,
  { unit, age, check }: AgentSnapshot,
  service: WatchedUnit["service"] & {},
): Evaluation {
  if (unit.state === "down") {
    if (unit.result === "success") return { checks: { ...checks, verdict: "unknown" } };
    return { checks: { ...checks, verdict: "unhealthy" }, complaint: `its unit failed: ${unit.result}` };
  }
  if (unit.state !== "up" || check === undefined || check.count === checks.count) return { checks };
  const { failures, successes } = service.health;
  const counted = { ...checks, count: check.count };
  if (check.ok) {
    const passed = checks.passed + 1;
    const verdict = passed >= successes ? "healthy" : checks.verdict;
    return { checks: { ...counted, verdict, hasPassed: true, passed, failed: 0 } };
  }
  if (!checks.hasPassed && age < service.grace) return { checks: { ...counted, passed: 0 } };
  const failed = checks.failed + 1;
  if (failed < failures) return { checks: { ...counted, passed: 0, failed } };
  const summary = failures === 1 ? "its check failed" : `${failures} checks in a row failed`;
  // The count starts from 0 again, so that the same number of checks must fail before the next action.
  return {
    checks: { ...counted, verdict: "unhealthy", passed: 0, failed: 0 },
    complaint: `${summary}: ${shown(check.detail)}`,
  };
}

function refreshFirst({ snapshot, requestRefresh }: StepContext): void {
  if (!snapshot.isFresh) requestRefresh();
}

/** Restarts the service if it has restarts left; otherwise puts it into quarantine. */
function act(memory: AgentMemory, checks: Checks, step: StepContext): AgentMemory {
  const { snapshot, clock, report } = step;
  const { restarts, service } = snapshot.policy;
  const isJustDone = checks.actedAt !== undefined && clock - checks.actedAt < (service?.health.interval ?? 0);
  if (isJustDone) return memory;
  refreshFirst(step);
  if (memory.restarts.length >= restarts.most) return quarantineFor(memory, step);
  const reason = `it is unhealthy (restart ${memory.restarts.length + 1} of ${restarts.most})`;
  report("asked", `to restart: ${reason}`);
  step.act("revive", reason);
  // The end of this run is expected, so the end is not reported.
  return {
    ...memory,
    restarts: [...memory.restarts, clock],
    health: "down",
    checks: { ...checks, actedAt: clock },
  };
}
