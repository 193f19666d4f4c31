import { decide } from "./decide.ts";
import { type AgentMemory, type Memory, newAgent } from "./memory.ts";
import { followProviders, type ProviderSnapshot, wakeProviders } from "./provider-health.ts";
import type { Action, AgentSnapshot, HostEvent } from "./types.ts";

/** What the deadman sees of its host at one moment. */
export interface HostSnapshot {
  /** Seconds of the monotonic clock since the tick before; 0 at the first. */
  readonly since: number;
  /** Every agent that has a policy and of which systemd told, by name. */
  readonly agents: Readonly<Record<string, AgentSnapshot>>;
  /** The names of all that have a policy: the others are forgotten. */
  readonly known: readonly string[];
  /** The providers that are probed, by name. */
  readonly providers?: Readonly<Record<string, ProviderSnapshot>>;
}

export interface TickResult {
  readonly memory: Memory;
  readonly actions: readonly Action[];
  readonly events: readonly HostEvent[];
  /** Nothing of this may be done: systemd must be asked anew, and the same moment be judged again. */
  readonly wantsLook: boolean;
}

/** The deadman's whole mind: what it sees and remembers becomes what it does and remembers. */
export function tick(before: Memory, sight: HostSnapshot): TickResult {
  const clock = advance(before.clock, sight.since);
  const { providers, events } = followProviders(before.providers ?? {}, sight.providers ?? {}, clock);
  const judged = sight.known.flatMap((name) => {
    const seen = sight.agents[name];
    const known = before.agents[name];
    if (seen === undefined) return known === undefined ? [] : [{ name, ...unseen(known) }];
    return [{ name, ...decide(known ?? newAgent(clock), seen, clock, providers) }];
  });
  return {
    memory: {
      ...before,
      clock,
      providers,
      agents: Object.fromEntries(judged.map(({ name, memory }) => [name, memory])),
    },
    actions: judged.flatMap(({ actions }) => actions),
    events: [...events, ...judged.flatMap(({ events }) => events)],
    wantsLook: judged.some(({ wantsLook }) => wantsLook),
  };
}

function unseen(memory: AgentMemory) {
  return { memory, actions: [], events: [], wantsLook: false };
}

/**
 * The memory as it holds when the deadman begins: after a boot systemd counts anew, and that every agent runs
 * anew is no news.
 */
export function wakeUp(before: Memory, boot: string): { memory: Memory; events: readonly HostEvent[] } {
  const isNewBoot = before.boot !== boot;
  const anew = { run: "", counted: 0, mark: "", health: "well", alive: before.clock } as const;
  const after = ({ asked: _, ...memory }: AgentMemory): AgentMemory =>
    isNewBoot ? { ...memory, ...anew } : memory;
  const agents = Object.fromEntries(Object.entries(before.agents).map(([name, one]) => [name, after(one)]));
  const events: HostEvent[] = [
    ...(isNewBoot && before.boot !== "" ? [{ event: "host-booted" } as const] : []),
    { event: "hostd-started", ...(!before.ended && !isNewBoot && { detail: "it was killed, or it hung" }) },
  ];
  const providers = wakeProviders(before.providers ?? {});
  return { memory: { ...before, boot, ended: false, agents, providers }, events };
}

/** Seconds between two ticks that count at most. */
const MOST_UNSEEN = 5;

/**
 * The deadman's own clock: seconds that it was awake for. Time in which it saw nothing, because the machine slept,
 * was stopped or was off, or it was itself, is not held against any agent; and no change of the wall clock is.
 *
 * @param clock the seconds so far, over restarts and reboots
 * @param since seconds of the monotonic clock since the last tick
 */
function advance(clock: number, since: number): number {
  return clock + Math.min(Math.max(since, 0), MOST_UNSEEN);
}
