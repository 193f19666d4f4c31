import type { FailoverPolicy } from "../../model/failover.ts";
import type { DecisionStep, OverrideState, StepContext } from "./decision-step.ts";
import type { Providers } from "./provider-health.ts";
import type { AgentMemory } from "./saved-memory.ts";

/**
 * Seconds to wait after a failed change of provider before the next attempt, because the cause might persist.
 */
const RETRY_AFTER = 60;

/**
 * Switches an agent to the best provider that works. An agent that is held or in quarantine keeps its provider, because
 * the deadman could not act on such an agent if the change failed.
 */
export const changeProvider: DecisionStep = (memory, step) => {
  const { snapshot, providers, clock } = step;
  const { policy, override, held } = snapshot;
  const { failover } = policy;
  if (failover === undefined || override === undefined) return settled(memory);
  // All of its providers fail or have a limit, so the agent is parked.
  if (memory.parkingSince !== undefined) return memory;
  if (held !== "" || memory.quarantined || snapshot.isQuarantined) return memory;
  const [first = ""] = failover.providers;
  const now = isKnown(failover, override.linked) ? override.linked : first;
  const next = bestOf(failover, now, providers, clock);
  if (next === undefined) return reportStranded(memory, failover, step);
  // Nothing is reported if only an interrupted change, or a link to an
  // undeclared provider, must be corrected.
  return next === now && isInEffect(override, first, now)
    ? settled(memory)
    : change(memory, step, failover, now, next);
};

/**
 * Chooses the provider that an agent should run on.
 *
 * @param now the provider that is currently set for the agent
 * @returns undefined if no provider works
 */
export function bestOf(
  { providers, returnAfter }: FailoverPolicy,
  now: string,
  health: Providers,
  clock: number,
): string | undefined {
  const isDown = (name: string) => health[name]?.isDown === true;
  if (isDown(now)) return providers.find((name) => !isDown(name));
  const isBack = (name: string) => {
    const one = health[name];
    return one === undefined || (!one.isDown && one.isWell && clock - one.since >= returnAfter);
  };
  return providers.slice(0, providers.indexOf(now)).find(isBack) ?? now;
}

function isKnown({ providers }: FailoverPolicy, name: string | undefined): name is string {
  return name !== undefined && providers.includes(name);
}

/** Whether the unit is linked to the provider `now`, and systemd has loaded the link. */
function isInEffect({ linked, loaded }: OverrideState, first: string, now: string): boolean {
  return (linked ?? first) === now && (loaded ?? first) === now;
}

function change(
  memory: AgentMemory,
  step: StepContext,
  failover: FailoverPolicy,
  now: string,
  next: string,
): AgentMemory {
  const { snapshot, clock, requestRefresh, report, act } = step;
  const { providers: order, restart, deadline } = failover;
  const { asked } = memory;
  if (asked?.to === next && clock - asked.at < RETRY_AFTER) return memory;
  if (!snapshot.isFresh) requestRefresh();
  const isBetter = order.indexOf(next) < order.indexOf(now);
  if (next !== now && asked?.to !== next)
    report(isBetter ? "returned" : "failed-over", `to ${next}, ${reasonFor(step, now, next)}`);
  const within = restart === "now" ? 0 : deadline;
  const change = { ...(next !== order[0] && { to: next }), within, run: snapshot.unit.run };
  act("switch", `it should run on ${next}`, { change });
  return { ...settled(memory), asked: { to: next, at: clock } };
}

function reasonFor({ providers, clock }: StepContext, now: string, next: string): string {
  const [old, better] = [providers[now], providers[next]];
  if (old?.isDown) return `because ${now} fails: ${old.detail}`;
  return better === undefined
    ? "which is no longer probed"
    : `which has been healthy for ${spanOf(clock - better.since)}`;
}

function spanOf(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** Reports once that all providers fail. The agent keeps its current provider. */
function reportStranded(
  memory: AgentMemory,
  { providers: order }: FailoverPolicy,
  { providers, report }: StepContext,
): AgentMemory {
  if (memory.stranded) return memory;
  const each = order.map((name) => `${name} (${providers[name]?.detail})`).join(", ");
  report("stranded", `all of its providers fail: ${each}`);
  return { ...memory, stranded: true };
}

/** Returns the agent's state without a pending change of provider and without the note that all providers fail. */
function settled(memory: AgentMemory): AgentMemory {
  const { stranded, asked, ...rest } = memory;
  return stranded || asked ? rest : memory;
}
