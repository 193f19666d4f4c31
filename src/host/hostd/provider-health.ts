import type { HistoryKind } from "../../model/deadman.ts";
import type { HealthCheck } from "../../model/health-check.ts";
import type { Answered } from "../probes/prober.ts";

/** The deadman's saved state for a model provider. Times are in seconds of the deadman's own clock. */
export interface ProviderMemory {
  readonly isDown: boolean;
  /** Whether the last probe succeeded. */
  readonly isWell: boolean;
  /** The number of consecutive results, including the last result, with the same `isWell`. */
  readonly inRow: number;
  /** When the first of the `inRow` results was received. */
  readonly since: number;
  /** The number of the last result, counted since the deadman started. */
  readonly count: number;
  /** The text of the last result. */
  readonly detail: string;
  /** The number of history lines that can still be written about the provider, as computed at `budgetAt`. */
  readonly budget: number;
  readonly budgetAt: number;
}

/**
 * The maximum of `budget`: the number of history lines that can be written about a flapping provider at one
 * time. Every minute, one more line can be written, up to this maximum.
 */
const BUDGET = 20;

/** The saved state of every probed provider, by name. A provider that is not probed counts as healthy. */
export type Providers = Readonly<Record<string, ProviderMemory>>;

/** How a provider is probed, and the last result. The result is absent until the first probe has ended. */
export interface ProviderSnapshot {
  readonly check: HealthCheck;
  readonly answered?: Answered;
}

/** A history event about a provider. The event belongs to the host, not to an agent. */
interface News {
  readonly event: HistoryKind;
  readonly detail: string;
}

/**
 * Updates the saved state of the providers from the last results of their probes. This is a pure function. A provider
 * counts as down after `failures` consecutive failed probes, and as up again after `successes` consecutive successful
 * probes. The provider's health check declares both numbers.
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

/**
 * Prepares the saved state when the deadman starts: the new prober counts results from 0, so `count` is set to 0 too.
 */
export function wakeProviders(before: Providers): Providers {
  return Object.fromEntries(Object.entries(before).map(([name, one]) => [name, { ...one, count: 0 }]));
}

/** Whether the state of the providers must be saved immediately. After another successful probe, saving can wait. */
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
