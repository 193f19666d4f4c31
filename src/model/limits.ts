import { allTokens, type Cost, costOf, type Prices, type Usage } from "./usage.ts";

/** Types for the limits of accounts and for budgets, at which agents are parked. */

/**
 * The reason why a provider has refused a request. `rate`: too many requests in a short time, so the runtime has to
 * wait. `window`: the allowance of a period is used up, and a new period begins at a known time. `credit`: the account
 * has no credit, and nobody knows when this changes.
 */
export type RefusalKind = "rate" | "window" | "credit";

/** A refusal of a provider, as a runtime has recorded it. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** When the provider refused the request, in milliseconds since 1970. */
  readonly at: number;
  /** When the limit ends, in milliseconds since 1970; absent if the record does not say this. */
  readonly until?: number;
  /** The provider's words, shortened. */
  readonly text: string;
}

/** Why an agent is parked. */
export type LimitKind = Exclude<RefusalKind, "rate"> | "budget";

/** The park of an agent: Muster keeps the agent stopped until its account works again. */
export interface Park {
  /** The account, or `budget NAME`. */
  readonly account: string;
  readonly kind: LimitKind;
  /** When the agent starts again (UTC, ISO 8601); absent if the time is unknown. */
  readonly until?: string;
  /** Present if the agent was stopped when it was parked. Such an agent does not start again. */
  readonly wasStopped?: true;
}

export const BUDGET_PERIODS = ["day", "month"] as const;
export const BUDGET_ACTIONS = ["report", "pause-jobs", "park"] as const;

/** The reaction when a budget is used up. */
export type BudgetAction = (typeof BUDGET_ACTIONS)[number];

/** The part of a budget that one host watches. */
export interface HostBudget {
  readonly name: string;
  /** The agents on this host that use the budget. */
  readonly agents: readonly string[];
  readonly per: (typeof BUDGET_PERIODS)[number];
  /** This host's share of the declared tokens; absent if no tokens are declared. */
  readonly tokens?: number;
  /** This host's share of the declared cost in US dollars; absent if no cost is declared. */
  readonly cost?: number;
  /** The percentage of the budget at which an event is recorded. */
  readonly warn: number;
  readonly onUsedUp: BudgetAction;
  /** The declared prices of each agent's models, by agent; present only with `cost`. */
  readonly prices?: Readonly<Record<string, Prices>>;
}

/** What a host must know about accounts and budgets. The platform's `up` writes it. */
export interface AccountLimits {
  /** The account of each agent for each of its providers. Agents that share no account are omitted. */
  readonly accounts: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly budgets: readonly HostBudget[];
}

/** The key in `accounts` for an agent without a declared provider. */
export const ANY_PROVIDER = "";

/** The share of a budget that is used: 1 if the budget is used up. */
export interface BudgetUse {
  readonly share: number;
  readonly tokens: number;
  readonly cost: Cost;
}

/** Returns the first day of the current period of a budget, and the first day after the period. */
export function periodOf(per: HostBudget["per"], now: Date): { readonly from: string; readonly to: string } {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  const dayOf = (...parts: [number, number, number]) =>
    new Date(Date.UTC(...parts)).toISOString().slice(0, 10);
  return per === "day"
    ? { from: dayOf(year, month, day), to: dayOf(year, month, day + 1) }
    : { from: dayOf(year, month, 1), to: dayOf(year, month + 1, 1) };
}

/** Returns how much of a budget the given usage has used in the current period. */
export function budgetUse(
  budget: Pick<HostBudget, "agents" | "per" | "tokens" | "cost">,
  usage: readonly Usage[],
  pricesOf: (agent: string) => Prices,
  now: Date,
): BudgetUse {
  const { from, to } = periodOf(budget.per, now);
  const own = usage.filter(({ agent, date }) => budget.agents.includes(agent) && date >= from && date < to);
  const tokens = own.reduce((sum, one) => sum + allTokens(one), 0);
  const costs = own.map((one) => costOf(one, pricesOf(one.agent)));
  const cost = {
    usd: costs.reduce((sum, { usd }) => sum + usd, 0),
    isComplete: costs.every(({ isComplete }) => isComplete),
  };
  const shares = [
    ...(budget.tokens === undefined ? [] : [tokens / budget.tokens]),
    ...(budget.cost === undefined ? [] : [cost.usd / budget.cost]),
  ];
  return { share: Math.max(0, ...shares), tokens, cost };
}
