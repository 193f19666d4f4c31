import type { Host } from "../context.ts";
import { record } from "../reports/history.ts";
import { monotonic, writeView } from "../units/deadman-view-file.ts";
import { buildView } from "./build-published-view.ts";
import { attempt, execute, switchProviders } from "./execute.ts";
import { observeHost } from "./observe.ts";
import { hasProviderNews } from "./provider-health.ts";
import { metricsPublisher } from "./publish-metrics.ts";
import { uptimeSampler } from "./sample-uptime.ts";
import { type Memory, readMemory, writeMemory } from "./saved-memory.ts";
import { switchJobs } from "./switch-jobs.ts";
import { tick, wakeUp } from "./tick-decisions.ts";
import { newUsageWatch } from "./usage-watch.ts";

/** Seconds after which systemd is queried again even without a signal. */
const REFRESH_EVERY = 10;

/** Seconds after which the clock is saved even if nothing else has changed. */
const SAVE_EVERY = 60;

export interface Deadman {
  /**
   * Runs one turn: observes the host, decides, acts and saves the deadman's state.
   *
   * @param isSignalled whether a unit may have changed
   * @param agents the agents whose units may have changed; if absent, every unit may have changed
   */
  turn(isSignalled: boolean, agents?: ReadonlySet<string>): void;
  /** Saves the deadman's state with the note that systemd has stopped the deadman. */
  end(): void;
}

/**
 * Creates the deadman with its saved state.
 *
 * @param boot the ID of the current boot
 * @param usage reads the usage of the agents
 */
export function deadmanOf(host: Host, boot: string, usage = newUsageWatch(host)): Deadman {
  const observer = observeHost(host, usage);
  const woken = wakeUp(readMemory(host), boot);
  let memory = woken.memory;
  let now = monotonic();
  let refreshedAt = Number.NEGATIVE_INFINITY;
  let savedAt = Number.NEGATIVE_INFINITY;
  attempt("cannot write the history", () => record(host, woken.events));

  const refresh = (agents?: ReadonlySet<string>) => {
    observer.refresh(agents);
    if (agents === undefined) refreshedAt = now;
  };
  // No signal announces that a unit has finished starting, so a starting unit is queried at every turn. Until a query
  // shows that a unit is up, a missing heartbeat does not count.
  const starting = startingUnits(observer.changingAgents);
  const sample = uptimeSampler(host, now);
  const publishMetrics = metricsPublisher(host);
  const save = () => {
    attempt("cannot write the deadman's memory", () => writeMemory(host, memory));
    savedAt = now;
  };
  const turn = (isSignalled: boolean, agents?: ReadonlySet<string>) => {
    const since = monotonic() - now;
    now += since;
    const isDue = now - refreshedAt >= REFRESH_EVERY;
    const arriving = starting(now);
    const isFresh = isSignalled || isDue || arriving.length > 0;
    if (isDue || (isSignalled && agents === undefined)) refresh();
    else if (isFresh) refresh(new Set([...(agents ?? []), ...arriving]));
    let snapshot = observer.snapshot(isFresh);
    let outcome = tick(memory, { since, ...snapshot });
    if (outcome.needsRefresh) {
      refresh();
      snapshot = observer.snapshot(true);
      outcome = tick(memory, { since, ...snapshot });
    }
    // The state is saved after the actions. If the deadman is killed before the state is saved, its next run observes
    // the effects of the actions. If the state were saved first, the next run could not observe that a saved decision
    // was never carried out.
    switchProviders(host, outcome.actions);
    execute(host, outcome.actions);
    attempt("cannot stop or allow the jobs of budgets", () =>
      switchJobs(host, outcome.memory.limits, snapshot.accounts),
    );
    attempt("cannot write the history", () => record(host, outcome.events));
    const isChanged =
      outcome.actions.length > 0 || outcome.events.length > 0 || mustSave(memory, outcome.memory);
    memory = outcome.memory;
    if (isChanged || now - savedAt >= SAVE_EVERY) save();
    sample(now, snapshot.agents);
    const view = buildView(memory, snapshot.agents);
    attempt("cannot publish the view", () => writeView(host, view));
    publishMetrics(now, view, snapshot.agents, snapshot.accounts.usage);
  };
  const end = () => {
    memory = { ...memory, ended: true };
    save();
  };
  return { turn, end };
}

/** Whether the deadman's state must be saved immediately. If only a heartbeat is new, saving can wait. */
function mustSave(before: Memory, after: Memory): boolean {
  if (hasProviderNews(before.providers ?? {}, after.providers ?? {})) return true;
  if (JSON.stringify(before.limits) !== JSON.stringify(after.limits)) return true;
  const names = new Set([...Object.keys(before.agents), ...Object.keys(after.agents)]);
  return [...names].some((name) => {
    const [was, is] = [before.agents[name], after.agents[name]];
    if (was === undefined || is === undefined) return true;
    const keys = ["run", "counted", "quarantined", "held", "health", "parkedBy", "excused"] as const;
    return keys.some((key) => was[key] !== is[key]) || was.checks?.verdict !== is.checks?.verdict;
  });
}

/**
 * Seconds for which a starting or stopping unit is queried at every turn. After that, the unit is queried
 * only as often as other units.
 */
const STARTING_FOR = 10;

/**
 * Tracks the agents whose units must be queried again even without a signal.
 *
 * @param changingAgents returns the agents with a unit that was starting or stopping at the last query
 * @returns a function that takes the time in seconds and returns the agents to query
 */
function startingUnits(changingAgents: () => readonly string[]): (now: number) => readonly string[] {
  let since: ReadonlyMap<string, number> = new Map();
  return (now) => {
    since = new Map(changingAgents().map((name) => [name, since.get(name) ?? now]));
    return [...since].filter(([, began]) => now - began < STARTING_FOR).map(([name]) => name);
  };
}
