import type { HistoryKind } from "../../model/deadman.ts";
import type { HealthCheck } from "../../model/health.ts";
import type { Answered } from "../probes/prober.ts";

/** What the deadman remembers of a model provider. Times are seconds of the deadman's own clock. */
export interface ProviderMemory {
  readonly isDown: boolean;
  /** Whether the last answer was good. */
  readonly isWell: boolean;
  /** How many answers in a row were the same, good or bad. */
  readonly inRow: number;
  /** When the first answer of that row came. */
  readonly since: number;
  /** The number of the last answer, counted since the deadman started. */
  readonly count: number;
  /** The text of the last answer. */
  readonly detail: string;
  /** How many more history lines it may have now, as computed at `budgetAt`. */
  readonly budget: number;
  readonly budgetAt: number;
}

/**
 * The number of history lines that a flapping provider may write at once. Like an agent, it gets one more
 * every minute.
 */
const BUDGET = 20;

/** Every provider that is probed, by name. A provider that is not probed counts as healthy. */
export type Providers = Readonly<Record<string, ProviderMemory>>;

/** How a provider is probed, and its last answer. */
export interface ProviderSnapshot {
  readonly check: HealthCheck;
  readonly answered?: Answered;
}

/** A history event about a provider. It belongs to the host, not to an agent. */
interface News {
  readonly event: HistoryKind;
  readonly detail: string;
}

/**
 * Follows the providers' answers: a pure function of the last answers and the memory. A provider counts as
 * failed, or as recovered, after as many bad or good answers in a row as its check requires.
 */
export function followProviders(
  before: Providers,
  snapshots: Readonly<Record<string, ProviderSnapshot>>,
  clock: number,
): { readonly providers: Providers; readonly events: readonly News[] } {
  const events: News[] = [];
  const entries = Object.entries(snapshots).map(([name, snapshot]) => {
    const was = before[name] ?? unknown(clock);
    const is = follow(was, snapshot, clock);
    const budget = Math.min(BUDGET, was.budget + (clock - was.budgetAt) / 60);
    if (is.isDown === was.isDown || budget < 1) return [name, is] as const;
    const event = is.isDown ? "provider-down" : "provider-up";
    events.push({ event, detail: `${name}: ${is.detail}, ${is.inRow} times in a row` });
    return [name, { ...is, budget: budget - 1, budgetAt: clock }] as const;
  });
  return { providers: Object.fromEntries(entries), events };
}

/** Returns the memory for a deadman that starts: its prober counts from zero again. */
export function wakeProviders(before: Providers): Providers {
  return Object.fromEntries(Object.entries(before).map(([name, one]) => [name, { ...one, count: 0 }]));
}

/** Whether a change must be saved at once. A repeated answer can wait. */
export function hasProviderNews(before: Providers, after: Providers): boolean {
  return Object.keys(after).some((name) => {
    const [was, is] = [before[name], after[name]];
    return (
      was?.isDown !== is?.isDown ||
      was?.since !== is?.since ||
      (was?.isWell === false && was.inRow !== is?.inRow)
    );
  });
}

function follow(was: ProviderMemory, { check, answered }: ProviderSnapshot, clock: number): ProviderMemory {
  if (answered === undefined || answered.count === was.count) return was;
  const { ok, detail, count } = answered;
  const isSame = ok === was.isWell;
  const inRow = isSame ? was.inRow + 1 : 1;
  const isDown = ok ? was.isDown && inRow < check.successes : was.isDown || inRow >= check.failures;
  return { ...was, isDown, isWell: ok, inRow, since: isSame ? was.since : clock, count, detail };
}

function unknown(clock: number): ProviderMemory {
  return {
    isDown: false,
    isWell: true,
    inRow: 0,
    since: clock,
    count: 0,
    detail: "",
    budget: BUDGET,
    budgetAt: clock,
  };
}
