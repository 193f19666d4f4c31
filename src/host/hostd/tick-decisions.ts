import { type AccountsSnapshot, followLimits } from "./account-limits.ts";
import { decide } from "./decide.ts";
import type { Action, AgentSnapshot, HostEvent, StepLimits } from "./decision-step.ts";
import { NO_LIMITS } from "./limits-memory.ts";
import { chooseStarts } from "./parking-decisions.ts";
import { followProviders, type ProviderSnapshot, wakeProviders } from "./provider-health.ts";
import { type AgentMemory, type Memory, newAgent } from "./saved-memory.ts";

/** The deadman's observations of its host at one moment. */
export interface HostSnapshot {
  /** Seconds of the monotonic clock since the previous tick; 0 at the first tick. */
  readonly since: number;
  /** Every agent that has a policy and is known to systemd, by name. */
  readonly agents: Readonly<Record<string, AgentSnapshot>>;
  /** The names of all agents that have a policy. The saved state of any other agent is dropped. */
  readonly known: readonly string[];
  /** The providers that are probed, by name. */
  readonly providers?: Readonly<Record<string, ProviderSnapshot>>;
  /** The rules and the usage of accounts and budgets; absent if nothing is known about them. */
  readonly accounts?: AccountsSnapshot;
}

export interface TickResult {
  readonly memory: Memory;
  readonly actions: readonly Action[];
  readonly events: readonly HostEvent[];
  /** Whether systemd must be queried again, and the tick repeated, before any action. */
  readonly needsRefresh: boolean;
}

/** Makes all decisions of one tick. This is a pure function of the deadman's state and a snapshot. */
export function tick(before: Memory, snapshot: HostSnapshot): TickResult {
  const clock = advance(before.clock, snapshot.since);
  const { providers, events } = followProviders(before.providers ?? {}, snapshot.providers ?? {}, clock);
  const { limits, news } = limitsAt(before, snapshot, clock);
  const decisions = snapshot.known.flatMap((name) => {
    const agent = snapshot.agents[name];
    const known = before.agents[name];
    if (agent === undefined) return known === undefined ? [] : [{ name, ...unseen(known) }];
    return [{ name, ...decide(known ?? newAgent(clock), agent, clock, providers, limits) }];
  });
  return {
    memory: {
      ...before,
      clock,
      providers,
      ...(limits && { limits: limits.memory }),
      agents: Object.fromEntries(decisions.map(({ name, memory }) => [name, memory])),
    },
    actions: decisions.flatMap(({ actions }) => actions),
    events: [...events, ...news, ...decisions.flatMap(({ events }) => events)],
    needsRefresh: decisions.some(({ needsRefresh }) => needsRefresh),
  };
}

/** Returns the limits of accounts and budgets, and the parked agents that start now. */
function limitsAt(
  { limits: memory = NO_LIMITS, agents: memories }: Memory,
  { accounts, agents }: HostSnapshot,
  clock: number,
): { readonly limits?: StepLimits; readonly news: readonly HostEvent[] } {
  if (accounts === undefined) return { news: [] };
  const { rules, now } = accounts;
  const followed = followLimits(memory, accounts, agents, memories, clock);
  const chosen = chooseStarts(followed.memory, rules, agents, memories, clock);
  return { limits: { ...chosen, rules, now }, news: followed.events };
}

function unseen(memory: AgentMemory) {
  return { memory, actions: [], events: [], needsRefresh: false };
}

/**
 * Prepares the saved state when the deadman starts. After a reboot, systemd's counts start from zero, and the new run
 * of each agent is not reported.
 */
export function wakeUp(before: Memory, boot: string): { memory: Memory; events: readonly HostEvent[] } {
  const isNewBoot = before.boot !== boot;
  const reset = { run: "", counted: 0, mark: "", health: "well", alive: before.clock } as const;
  const after = ({ asked: _, ...memory }: AgentMemory): AgentMemory =>
    isNewBoot ? { ...memory, ...reset } : memory;
  const agents = Object.fromEntries(Object.entries(before.agents).map(([name, one]) => [name, after(one)]));
  const events: HostEvent[] = [
    ...(isNewBoot && before.boot !== "" ? [{ event: "host-booted" } as const] : []),
    { event: "hostd-started", ...(!before.ended && !isNewBoot && { detail: "after it was killed or hung" }) },
  ];
  const providers = wakeProviders(before.providers ?? {});
  return { memory: { ...before, boot, ended: false, agents, providers }, events };
}

/** The maximum number of seconds by which one tick advances the deadman's clock. */
const MOST_UNSEEN = 5;

/**
 * Advances the deadman's own clock, which counts the seconds in which the deadman ran. The clock does not count time in
 * which the machine was suspended or off, or in which the deadman did not run. A change of the wall clock has no effect
 * on this clock.
 *
 * @param clock the seconds so far, across restarts and reboots
 * @param since seconds of the monotonic clock since the last tick
 */
function advance(clock: number, since: number): number {
  return clock + Math.min(Math.max(since, 0), MOST_UNSEEN);
}
