import type { BudgetAction, HostBudget } from "../../model/limits.ts";

/** A declared budget. Without `agent`, `tenant` and `account`, all agents use the budget. */
export interface BudgetSpec {
  readonly name: string;
  readonly agent?: string;
  readonly tenant?: string;
  /** The account of a provider. */
  readonly account?: string;
  readonly per: HostBudget["per"];
  readonly tokens?: number;
  /** In US dollars. */
  readonly cost?: number;
  /** The percentage of the budget at which an event is recorded. */
  readonly warn: number;
  readonly onUsedUp: BudgetAction;
}
