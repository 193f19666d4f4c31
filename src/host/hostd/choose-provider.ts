import type { FailoverPolicy } from "../../model/failover.ts";
import type { AgentMemory } from "./memory.ts";
import type { Providers } from "./provider-health.ts";
import type { DecisionStep, OverrideState, StepContext } from "./types.ts";

/** Seconds until a change that did not come about is tried again: whatever keeps it away may keep it away for long. */
const AGAIN = 60;

/**
 * Has an agent run on the best provider that works. Who is held or left alone stays where it is: whatever comes of a
 * change, nobody looks after it then.
 */
export const changeProvider: DecisionStep = (memory, turn) => {
  const { seen, providers, clock } = turn;
  const { policy, choice, paused } = seen;
  const { failover } = policy;
  if (failover === undefined || choice === undefined) return settled(memory);
  if (paused !== "" || memory.quarantined || seen.isQuarantined) return memory;
  const [first = ""] = failover.providers;
  const now = isKnown(failover, choice.linked) ? choice.linked : first;
  const next = bestOf(failover, now, providers, clock);
  if (next === undefined) return tellStranded(memory, failover, turn);
  // A change that was cut short, or a link that is no choice any more, is ended as one is made, and is no news.
  return next === now && isWhole(choice, first, now)
    ? settled(memory)
    : change(memory, turn, failover, now, next);
};

/**
 * The provider that an agent should run on.
 *
 * @param now the one that it is to run on by now
 * @returns undefined where none works
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

/** Whether the unit is linked to that provider, and systemd has read it so. */
function isWhole({ linked, loaded }: OverrideState, first: string, now: string): boolean {
  return (linked ?? first) === now && (loaded ?? first) === now;
}

function change(
  memory: AgentMemory,
  turn: StepContext,
  failover: FailoverPolicy,
  now: string,
  next: string,
): AgentMemory {
  const { seen, clock, wantLook, tell, act } = turn;
  const { providers: order, restart, deadline } = failover;
  const { asked } = memory;
  if (asked?.to === next && clock - asked.at < AGAIN) return memory;
  if (!seen.isFresh) wantLook();
  const isBetter = order.indexOf(next) < order.indexOf(now);
  if (next !== now && asked?.to !== next)
    tell(isBetter ? "returned" : "failed-over", `to ${next}, ${reasonFor(turn, now, next)}`);
  const within = restart === "now" ? 0 : deadline;
  act("switch", `it is to run on ${next}`, {
    ...(next !== order[0] && { to: next }),
    within,
    run: seen.unit.run,
  });
  return { ...settled(memory), asked: { to: next, at: clock } };
}

function reasonFor({ providers, clock }: StepContext, now: string, next: string): string {
  const [old, better] = [providers[now], providers[next]];
  if (old?.isDown) return `as ${now} fails: ${old.detail}`;
  return better === undefined
    ? "which is probed no more"
    : `which is well for ${spanOf(clock - better.since)}`;
}

function spanOf(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** All fail: there is nothing better to do than to stay, and to say so once. */
function tellStranded(
  memory: AgentMemory,
  { providers: order }: FailoverPolicy,
  { providers, tell }: StepContext,
): AgentMemory {
  if (memory.stranded) return memory;
  const each = order.map((name) => `${name} (${providers[name]?.detail})`).join(", ");
  tell("stranded", `all of its providers fail: ${each}`);
  return { ...memory, stranded: true };
}

/** Nothing is under way, and nothing is wrong. */
function settled(memory: AgentMemory): AgentMemory {
  const { stranded, asked, ...rest } = memory;
  return stranded || asked ? rest : memory;
}
