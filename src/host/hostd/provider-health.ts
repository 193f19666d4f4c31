import type { HistoryKind } from "../../model/deadman.ts";
import type { HealthCheck } from "../../model/health.ts";
import type { Answered } from "../probes/prober.ts";

/** What the deadman remembers of a provider of models. Times are seconds of its own clock. */
export interface ProviderMemory {
  readonly isDown: boolean;
  /** Whether the last answers were health, how many they were one after another, and when the first of them came. */
  readonly isWell: boolean;
  readonly inRow: number;
  readonly since: number;
  /** What tells the last answer from the next, while this deadman runs. */
  readonly count: number;
  /** What was answered last. */
  readonly detail: string;
  /** How many more lines of history it may have now, and when that was reckoned. */
  readonly budget: number;
  readonly budgetAt: number;
}

/** Lines that a provider which comes and goes may have at once; it gets another every minute, as an agent does. */
const BUDGET = 20;

/** Every provider that is probed, by name. One that is not among them counts as well. */
export type Providers = Readonly<Record<string, ProviderMemory>>;

/** What is seen of a provider: how it is probed, and what came of that last. */
export interface ProviderSnapshot {
  readonly check: HealthCheck;
  readonly answered?: Answered;
}

/** What is told of a provider: of the host, as no agent is meant. */
interface News {
  readonly event: HistoryKind;
  readonly detail: string;
}

/**
 * Follows the providers' answers: a pure function of what is seen and what is remembered. One bad answer is no failure,
 * and one good answer no recovery: so many in a row are, as the probe says.
 */
export function followProviders(
  before: Providers,
  seen: Readonly<Record<string, ProviderSnapshot>>,
  clock: number,
): { readonly providers: Providers; readonly events: readonly News[] } {
  const events: News[] = [];
  const entries = Object.entries(seen).map(([name, sight]) => {
    const was = before[name] ?? unknown(clock);
    const is = follow(was, sight, clock);
    const budget = Math.min(BUDGET, was.budget + (clock - was.budgetAt) / 60);
    if (is.isDown === was.isDown || budget < 1) return [name, is] as const;
    const event = is.isDown ? "provider-down" : "provider-up";
    events.push({ event, detail: `${name}: ${is.detail}, ${is.inRow} times in a row` });
    return [name, { ...is, budget: budget - 1, budgetAt: clock }] as const;
  });
  return { providers: Object.fromEntries(entries), events };
}

/** The memory as it holds when the deadman begins: its prober counts anew. */
export function wakeProviders(before: Providers): Providers {
  return Object.fromEntries(Object.entries(before).map(([name, one]) => [name, { ...one, count: 0 }]));
}

/** Whether anything changed that must not be forgotten. That the same goes on and on may be. */
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
