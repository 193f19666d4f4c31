import type { LimitKind } from "../../model/limits.ts";

/** A limit that is currently in effect, for all agents of an account or of a budget. */
export interface Limit {
  readonly kind: LimitKind;
  /** When the limit was last confirmed, in milliseconds since 1970. */
  readonly at: number;
  /** When the limit ends, in milliseconds since 1970; absent if this is unknown. */
  readonly until?: number;
  readonly text: string;
  /** The agent whose record shows the limit; absent for a budget. */
  readonly agent?: string;
  /** When an agent was last started to try the account, in seconds of the deadman's own clock. */
  readonly triedAt: number;
}

/** The saved state of the limits of accounts and budgets. */
export interface LimitsMemory {
  /** The limits by account, or by `budget NAME`. */
  readonly limits: Readonly<Record<string, Limit>>;
  /** The last event about each budget: its period, and whether the budget is used up. */
  readonly told: Readonly<Record<string, { readonly from: string; readonly isUsedUp: boolean }>>;
  /** When each account worked again, in milliseconds since 1970. Earlier refusals do not count. */
  readonly cleared: Readonly<Record<string, number>>;
  /** The time of the last refusal of each agent that was evaluated, in milliseconds since 1970. */
  readonly evaluated: Readonly<Record<string, number>>;
  /** When a parked agent of each account was last started, in seconds of the deadman's own clock. */
  readonly startedAt: Readonly<Record<string, number>>;
}

export const NO_LIMITS: LimitsMemory = { limits: {}, told: {}, cleared: {}, evaluated: {}, startedAt: {} };
