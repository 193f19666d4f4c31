import {
  type AccountLimits,
  ANY_PROVIDER,
  budgetUse,
  type HostBudget,
  periodOf,
} from "../../model/limits.ts";
import type { Usage } from "../../model/usage.ts";
import type { AgentSnapshot, HostEvent } from "./decision-step.ts";
import type { Limit, LimitsMemory } from "./limits-memory.ts";
import type { AgentMemory } from "./saved-memory.ts";

/** Seconds between two attempts to use an account without a known end of its limit. */
export const TRY_EVERY = 15 * 60;

/** The age in milliseconds up to which a refusal without an end counts. An older refusal says nothing about now. */
const FRESH = TRY_EVERY * 1000;

/** The observations about accounts at one moment. */
export interface AccountsSnapshot {
  readonly rules: AccountLimits;
  /** The usage of the current month. */
  readonly usage: readonly Usage[];
  /** The time of the wall clock in milliseconds since 1970. Limits end at times of this clock. */
  readonly now: number;
}

type Agents = Readonly<Record<string, AgentSnapshot>>;
type Memories = Readonly<Record<string, AgentMemory>>;

/** Updates the limits of all accounts and budgets from the records of the agents. This is a pure function. */
export function followLimits(
  before: LimitsMemory,
  accounts: AccountsSnapshot,
  agents: Agents,
  memories: Memories,
  clock: number,
): { readonly memory: LimitsMemory; readonly events: readonly HostEvent[] } {
  if (isQuiet(before, accounts, agents)) return { memory: before, events: [] };
  const { now } = accounts;
  const limits: Record<string, Limit> = {};
  const cleared: Record<string, number> = { ...before.cleared };
  const evaluated: Record<string, number> = {};
  for (const [account, limit] of Object.entries(before.limits)) {
    if (limit.kind === "budget" || isPast(limit, now)) continue;
    if (worksAgain(account, limit, agents, memories)) cleared[account] = now;
    else limits[account] = limit;
  }
  for (const [name, agent] of Object.entries(agents)) {
    restorePark(limits, agent, memories[name], clock, now);
    const last = before.evaluated[name] ?? 0;
    evaluated[name] = Math.max(last, agent.evidence?.refusal?.at ?? 0);
    // The agent may have changed its provider since the last evaluation, so a refusal is evaluated only once.
    if (evaluated[name] > last) addRefusal(limits, cleared, accounts, name, agent, clock);
  }
  const { told, events } = followBudgets(before, accounts, limits, clock);
  return { memory: { limits, told, cleared, evaluated, startedAt: before.startedAt }, events };
}

/** Whether nothing can limit an agent. This is the usual case, and needs no work. */
function isQuiet({ limits }: LimitsMemory, { rules }: AccountsSnapshot, agents: Agents): boolean {
  if (Object.keys(limits).length > 0 || rules.budgets.length > 0) return false;
  return Object.values(agents).every(({ evidence, parked }) => evidence?.refusal === undefined && !parked);
}

function isPast({ until }: Limit, now: number): boolean {
  return until !== undefined && until <= now;
}

/** Whether an agent that was started although its account had a limit has got a response since then. */
function worksAgain(account: string, limit: Limit, agents: Agents, memories: Memories): boolean {
  return Object.entries(agents).some(([name, { evidence }]) => {
    const tried = memories[name]?.excused?.[account];
    return tried !== undefined && (evidence?.success ?? 0) > Math.max(tried, limit.at);
  });
}

/** Restores a limit from a parked agent, if the deadman has lost its own state. */
function restorePark(
  limits: Record<string, Limit>,
  { parked }: AgentSnapshot,
  memory: AgentMemory | undefined,
  clock: number,
  now: number,
): void {
  if (parked === undefined || parked.kind === "budget" || memory?.parkedBy !== undefined) return;
  const until = parked.until === undefined ? undefined : Date.parse(parked.until);
  if (limits[parked.account] !== undefined || (until !== undefined && !(until > now))) return;
  limits[parked.account] = {
    ...{ kind: parked.kind, at: Date.parse(parked.since) || now, text: parked.reason, triedAt: clock },
    ...(until !== undefined && { until }),
  };
}

function addRefusal(
  limits: Record<string, Limit>,
  cleared: LimitsMemory["cleared"],
  { rules, now }: AccountsSnapshot,
  name: string,
  agent: AgentSnapshot,
  clock: number,
): void {
  const { refusal, success = 0 } = agent.evidence ?? {};
  if (refusal === undefined || refusal.kind === "rate" || success > refusal.at) return;
  const { kind, at, until, text } = refusal;
  if (until === undefined ? now - at > FRESH : until <= now) return;
  const account = accountOf(rules, name, providerOf(agent));
  if (at <= Math.max(limits[account]?.at ?? 0, cleared[account] ?? 0)) return;
  limits[account] = { kind, at, text, agent: name, triedAt: clock, ...(until !== undefined && { until }) };
}

/** Returns the account that an agent uses with a provider. An agent that shares no account has an account of its own. */
export function accountOf({ accounts }: AccountLimits, agent: string, provider: string): string {
  return accounts[agent]?.[provider] ?? accounts[agent]?.[ANY_PROVIDER] ?? `of ${agent} ${provider}`.trim();
}

/** Returns the provider that an agent currently uses; empty if no provider is declared for a failover. */
function providerOf({ policy, override }: AgentSnapshot): string {
  return override?.loaded ?? policy.failover?.providers[0] ?? ANY_PROVIDER;
}

function followBudgets(
  before: LimitsMemory,
  { rules, usage, now }: AccountsSnapshot,
  limits: Record<string, Limit>,
  clock: number,
): { readonly told: LimitsMemory["told"]; readonly events: readonly HostEvent[] } {
  const events: HostEvent[] = [];
  const told = rules.budgets.map((budget) => {
    const { from, to } = periodOf(budget.per, new Date(now));
    const known = before.told[budget.name];
    const last = known?.from === from ? known : undefined;
    const { share } = budgetUse(budget, usage, (agent) => budget.prices?.[agent] ?? {}, new Date(now));
    const isUsedUp = share >= 1;
    const mustTell = isUsedUp ? last?.isUsedUp !== true : share * 100 >= budget.warn && last === undefined;
    if (mustTell) events.push({ event: "budget", detail: budgetText(budget, share) });
    if (isUsedUp && budget.onUsedUp === "park") {
      const account = budgetAccount(budget);
      const text = `the budget ${budget.name} of this ${budget.per} is used up`;
      const at = before.limits[account]?.at ?? now;
      limits[account] = { kind: "budget", at, until: Date.parse(to), text, triedAt: clock };
    }
    return [budget.name, mustTell || last ? { from, isUsedUp } : undefined] as const;
  });
  return { told: Object.fromEntries(told.flatMap(([name, one]) => (one ? [[name, one]] : []))), events };
}

function budgetAccount({ name }: Pick<HostBudget, "name">): string {
  return `budget ${name}`;
}

const CONSEQUENCES: Readonly<Record<HostBudget["onUsedUp"], string>> = {
  report: "",
  "pause-jobs": ": the jobs of its agents do not start",
  park: ": its agents are parked",
};

function budgetText({ name, per, onUsedUp }: HostBudget, share: number): string {
  const end = share >= 1 ? CONSEQUENCES[onUsedUp] : "";
  return `${Math.floor(share * 100)} % of the budget ${name} of this ${per} is used${end}`;
}

/** Returns the names of the budgets that are used up and whose jobs must not start. */
export function budgetsWithoutJobs(
  { told }: LimitsMemory,
  { budgets }: AccountLimits,
): readonly HostBudget[] {
  return budgets.filter(({ name, onUsedUp }) => onUsedUp === "pause-jobs" && told[name]?.isUsedUp === true);
}

/** A limit that applies to an agent, and its account. */
export type AgentLimit = Limit & { readonly account: string };

/**
 * Returns the limits that keep an agent from working.
 *
 * @param provider the provider that the agent uses or could use
 */
export function limitsOf(
  { limits }: LimitsMemory,
  rules: AccountLimits,
  agent: string,
  provider: string,
  excused: AgentMemory["excused"] = {},
): AgentLimit[] {
  if (Object.keys(limits).length === 0) return [];
  const accounts = [
    accountOf(rules, agent, provider),
    ...rules.budgets.filter(({ agents }) => agents.includes(agent)).map(budgetAccount),
  ];
  return accounts.flatMap((account) => {
    const limit = limits[account];
    return limit !== undefined && limit.at > (excused[account] ?? 0) ? [{ ...limit, account }] : [];
  });
}

/** Returns the limits of the provider that an agent currently uses. */
export function currentLimits(
  memory: LimitsMemory,
  rules: AccountLimits,
  agent: AgentSnapshot,
  excused: AgentMemory["excused"],
): AgentLimit[] {
  return limitsOf(memory, rules, agent.policy.agent, providerOf(agent), excused);
}
