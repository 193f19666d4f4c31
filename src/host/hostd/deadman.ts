import type { Host } from "../context.ts";
import { record } from "../reports/history.ts";
import { monotonic, writeView } from "../units/published-view.ts";
import { buildView } from "./build-view.ts";
import { attempt, execute, switchProviders } from "./execute.ts";
import { type Memory, readMemory, writeMemory } from "./memory.ts";
import { observeHost } from "./observe.ts";
import { hasProviderNews } from "./provider-health.ts";
import { tick, wakeUp } from "./tick.ts";

/** Seconds after which systemd is asked again though nothing was heard of it. */
const LOOK_EVERY = 10;

/** Seconds after which the clock is written though nothing else changed. */
const SAVE_EVERY = 60;

export interface Deadman {
  /**
   * Looks, decides, acts and remembers: once.
   *
   * @param isPoked something was heard of a unit
   * @param agents of whose; left out: of anybody's
   */
  turn(isPoked: boolean, agents?: ReadonlySet<string>): void;
  /** Remembers that it ends because it was told to. */
  end(): void;
}

/** The deadman with its memory as it was left. @param boot what tells this boot from others */
export function deadmanOf(host: Host, boot: string): Deadman {
  const senses = observeHost(host);
  const woken = wakeUp(readMemory(host), boot);
  let memory = woken.memory;
  let now = monotonic();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let savedAt = Number.NEGATIVE_INFINITY;
  attempt("the history", () => record(host, woken.events));

  const look = (agents?: ReadonlySet<string>) => {
    senses.look(agents);
    if (agents === undefined) lookedAt = now;
  };
  // Nothing tells when a start is over, and until then no silence counts.
  const arrivals = startingUnits(senses.onTheirWay);
  const save = () => {
    attempt("the deadman's memory", () => writeMemory(host, memory));
    savedAt = now;
  };
  const turn = (isPoked: boolean, agents?: ReadonlySet<string>) => {
    const since = monotonic() - now;
    now += since;
    const isDue = now - lookedAt >= LOOK_EVERY;
    const arriving = arrivals(now);
    const isFresh = isPoked || isDue || arriving.length > 0;
    if (isDue || (isPoked && agents === undefined)) look();
    else if (isFresh) look(new Set([...(agents ?? []), ...arriving]));
    let sight = senses.see(isFresh);
    let outcome = tick(memory, { since, ...sight });
    // Of somebody that it was not just asked about.
    if (outcome.wantsLook) {
      look();
      sight = senses.see(true);
      outcome = tick(memory, { since, ...sight });
    }
    // What was done can be seen again, what was only meant could not: the memory comes last.
    switchProviders(host, outcome.actions);
    execute(host, outcome.actions);
    attempt("the history", () => record(host, outcome.events));
    const isNews = outcome.actions.length > 0 || outcome.events.length > 0 || hasNews(memory, outcome.memory);
    memory = outcome.memory;
    if (isNews || now - savedAt >= SAVE_EVERY) save();
    attempt("the view", () => writeView(host, buildView(memory, sight.agents)));
  };
  const end = () => {
    memory = { ...memory, ended: true };
    save();
  };
  return { turn, end };
}

/** Whether anything changed that must not be forgotten. That an agent beats may be. */
function hasNews(before: Memory, after: Memory): boolean {
  if (hasProviderNews(before.providers ?? {}, after.providers ?? {})) return true;
  const names = new Set([...Object.keys(before.agents), ...Object.keys(after.agents)]);
  return [...names].some((name) => {
    const [was, is] = [before.agents[name], after.agents[name]];
    if (was === undefined || is === undefined) return true;
    const keys = ["run", "counted", "quarantined", "paused", "health"] as const;
    return keys.some((key) => was[key] !== is[key]) || was.checks?.verdict !== is.checks?.verdict;
  });
}

/** Seconds in which one that is on its way is asked about at each turn; after that it is a slow one. */
const STARTING_FOR = 10;

/**
 * Who is to be asked about again though nothing was heard of them.
 *
 * @param onTheirWay whose unit was on its way when it was last asked about
 * @returns a function of the time in seconds
 */
function startingUnits(onTheirWay: () => readonly string[]): (now: number) => readonly string[] {
  let since: ReadonlyMap<string, number> = new Map();
  return (now) => {
    since = new Map(onTheirWay().map((name) => [name, since.get(name) ?? now]));
    return [...since].filter(([, began]) => now - began < STARTING_FOR).map(([name]) => name);
  };
}
