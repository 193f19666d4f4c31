import type { HistoryKind } from "../../model/deadman.ts";
import type { HealthCheck } from "../../model/health.ts";
import type { Answered } from "../probes/prober.ts";

/** What the deadman remembers of a model provider. Times are in seconds of the deadman's own clock. */
export interface ProviderMemory {
  readonly isDown: boolean;
  /** Whether the last answer was good. */
  readonly isWell: boolean;
  /** How many answers in a row, including the last one, have had the same `isWell`. */
  readonly inRow: number;
  /** When the first of these answers came. */
  readonly since: number;
  /** The number of the last answer, counted since the deadman started. */
  readonly count: number;
  /** The text of the last answer. */
  readonly detail: string;
  /** How many more history lines the provider may write, as computed at `budgetAt`. */
  readonly budget: number;
  readonly budgetAt: number;
}

/**
 * The number of history lines that a flapping provider may write at once; every minute, it may write one
 * more.
 */
const BUDGET = 20;

/** The memory of every probed provider, by name. A provider that is not probed counts as healthy. */
export type Providers = Readonly<Record<string, ProviderMemory>>;

/** How a provider is probed, and its last answer, which is absent until the first probe has ended. */
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
 * Updates the memory of the providers from their last answers. This is a pure function. A provider counts as
 * down after the number of bad answers in a row that its check declares (`failures`), and as up again after
 * the declared number of good answers in a row (`successes`).
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

/** Prepares the memory when the deadman starts: the new prober counts answers from 0, so `count` is 0 too. */
export function wakeProviders(before: Providers): Providers {
  return Object.fromEntries(Object.entries(before).map(([name, one]) => [name, { ...one, count: 0 }]));
}

/** Whether the memory of the providers must be saved at once. A repeated good answer can wait. */
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
