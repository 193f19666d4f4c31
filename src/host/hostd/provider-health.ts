import type { HistoryKind } from "../../model/deadman.ts";
import type { HealthCheck } from "../../model/health.ts";
import type { Answered } from "../probes/prober.ts";

/** What the deadman remembers of a provider of models. Times are seconds of its own clock. */
export interface ProviderMemory {
  readonly isDown: boolean;
  /** Whether the last answers were good, how many in a row, and since when. */
  readonly isWell: boolean;
  readonly inRow: number;
  readonly since: number;
  /** The number of the last answer, while this deadman runs. */
  readonly count: number;
  /** The last answer. */
  readonly detail: string;
  /** How many more lines of history it may have now, and when that was computed. */
  readonly budget: number;
  readonly budgetAt: number;
}

/** Lines that a provider which comes and goes may have at once; it gets another every minute, as an agent does. */
const BUDGET = 20;

/** Every provider that is probed, by name. A provider that is not probed counts as healthy. */
export type Providers = Readonly<Record<string, ProviderMemory>>;

/** A provider: how it is probed, and the last answer. */
export interface ProviderSnapshot {
  readonly check: HealthCheck;
  readonly answered?: Answered;
}

/** An event of a provider. It belongs to the host, not to an agent. */
interface News {
  readonly event: HistoryKind;
  readonly detail: string;
}

/**
 * Follows the providers' answers: a pure function of the last answers and the memory. A provider fails, or recovers, when
 * as many answers in a row as its check requires are bad, or good.
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

/** The memory when the deadman starts: its prober counts from zero again. */
export function wakeProviders(before: Providers): Providers {
  return Object.fromEntries(Object.entries(before).map(([name, one]) => [name, { ...one, count: 0 }]));
}

/** Whether anything has changed that must be saved. A repeated answer need not be. */
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
