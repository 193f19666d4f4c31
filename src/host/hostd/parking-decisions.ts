import type { AccountLimits, Park } from "../../model/limits.ts";
import { type AgentLimit, currentLimits, limitsOf, TRY_EVERY } from "./account-limits.ts";
import { bestOf } from "./choose-provider.ts";
import type { AgentSnapshot, DecisionStep, Starts, StepContext } from "./decision-step.ts";
import type { LimitsMemory } from "./limits-memory.ts";
import type { Providers } from "./provider-health.ts";
import type { AgentMemory } from "./saved-memory.ts";

/** Seconds between the starts of two agents of the same account, so that not all of them use the account at once. */
const STAGGER = 10;

/** Seconds after which an agent is parked even if it is busy. It can finish a command, but gets no response. */
const PATIENCE = 60;

/** Seconds between two events about the rate limit of an agent. */
const RATE_EVERY = 600;

/**
 * Parks an agent while its account has a limit, and starts it when the limit has ended. The agent whose request was
 * refused is parked at once, because it cannot work. Another agent of the account is parked when it is idle.
 */
export const parkLimited: DecisionStep = (memory, step) => {
  const { snapshot, limits } = step;
  if (limits === undefined || snapshot.policy.service !== undefined) return memory;
  const known = excuseResumed(noticeRate(memory, step), step);
  return snapshot.parked === undefined ? parkIfLimited(known, step) : unparkIfDue(known, step);
};

function parkIfLimited(memory: AgentMemory, step: StepContext): AgentMemory {
  const { snapshot, clock, requestRefresh, report, act } = step;
  const { parkingSince, ...rest } = memory;
  const limit = worstLimit(memory, step);
  if (limit === undefined) return parkingSince === undefined ? memory : rest;
  const since = parkingSince ?? clock;
  const { unit, policy, held, isFresh, isIdle = false, isQuarantined } = snapshot;
  const isRefused = limit.agent === policy.agent;
  const isDue = isRefused || isIdle || clock - since >= PATIENCE;
  const wasStopped = unit.state === "down";
  if (!(isDue || wasStopped) || held !== "" || isQuarantined) return { ...rest, parkingSince: since };
  if (!isFresh) requestRefresh();
  report("parked", reasonOf(limit));
  // The jobs of a stopped agent must not use the account either.
  act("park", reasonOf(limit), { park: { ...parkOf(limit), ...(wasStopped && { wasStopped }) } });
  // The end of this run is expected, so the end is not reported.
  return { ...rest, parkingSince: since, health: "down" };
}

function unparkIfDue(memory: AgentMemory, step: StepContext): AgentMemory {
  const { snapshot, limits, report, act } = step;
  const { parked, policy } = snapshot;
  const { parkedBy: _, parkingSince: __, ...rest } = memory;
  const trial = limits?.starts[policy.agent];
  if (parked === undefined) return memory;
  if (trial === undefined) return { ...rest, parkedBy: parked.account };
  report(
    "unparked",
    trial === "trial" ? `to try whether ${parked.account} works again` : "its limit has ended",
  );
  act("unpark", "its limit has ended", { park: parked });
  return trial === "trial"
    ? { ...rest, excused: { ...memory.excused, [parked.account]: limits?.now ?? 0 } }
    : rest;
}

/** Excuses an agent from its limit after a person has resumed it: it stays running until it is refused again. */
function excuseResumed(memory: AgentMemory, { snapshot, limits }: StepContext): AgentMemory {
  const { parkedBy, ...rest } = memory;
  if (parkedBy === undefined || snapshot.parked !== undefined || snapshot.isQuarantined) return memory;
  // When the deadman itself starts the agent, it removes `parkedBy`.
  return { ...rest, excused: { ...memory.excused, [parkedBy]: limits?.now ?? 0 } };
}

function noticeRate(memory: AgentMemory, { snapshot, clock, limits, report }: StepContext): AgentMemory {
  const { rate } = snapshot.evidence ?? {};
  const isNew = rate !== undefined && rate.at > (memory.ratedUntil ?? (limits?.now ?? 0) - RATE_EVERY * 1000);
  if (!isNew || clock - (memory.ratedAt ?? Number.NEGATIVE_INFINITY) < RATE_EVERY) return memory;
  report("rate-limited", rate.text);
  return { ...memory, ratedAt: clock, ratedUntil: rate.at };
}

/** Returns the limit that parks an agent; undefined if the agent can work, or can change to another provider. */
function worstLimit(
  memory: AgentMemory,
  { snapshot, limits, providers, clock }: StepContext,
): AgentLimit | undefined {
  if (limits === undefined) return undefined;
  const all = currentLimits(limits.memory, limits.rules, snapshot, memory.excused);
  const budget = all.find(({ kind }) => kind === "budget");
  if (budget !== undefined || all.length === 0) return budget;
  return hasAlternative(snapshot, providers, clock) ? undefined : earliest(all);
}

function earliest(all: readonly AgentLimit[]): AgentLimit | undefined {
  return [...all].sort(
    (a, b) => (a.until ?? Number.POSITIVE_INFINITY) - (b.until ?? Number.POSITIVE_INFINITY),
  )[0];
}

/** @param providers the health of the providers, in which a provider with a limit counts as down */
function hasAlternative(
  { policy: { failover }, override }: AgentSnapshot,
  providers: Providers,
  clock: number,
): boolean {
  if (failover === undefined || override === undefined) return false;
  const [first = ""] = failover.providers;
  return bestOf(failover, override.linked ?? first, providers, clock) !== undefined;
}

function parkOf({ account, kind, until }: AgentLimit): Park {
  return { account, kind, ...(until !== undefined && { until: new Date(until).toISOString() }) };
}

function reasonOf({ kind, text, until, account }: AgentLimit): string {
  if (kind === "budget") return text;
  const what = kind === "credit" ? "has no credit" : "has used up its allowance";
  const end = until === undefined ? "" : ` until ${new Date(until).toISOString().slice(0, 16)}Z`;
  return `the account ${account} ${what}${end}: ${text}`;
}

/**
 * Returns the health of an agent's providers. A provider whose account has a limit counts as down, so that the agent
 * changes to a provider with another account.
 */
export function withLimits(
  providers: Providers,
  { policy }: AgentSnapshot,
  limits: { readonly memory: LimitsMemory; readonly rules: AccountLimits } | undefined,
  excused: AgentMemory["excused"],
): Providers {
  const { failover, agent } = policy;
  if (limits === undefined || failover === undefined) return providers;
  if (Object.keys(limits.memory.limits).length === 0) return providers;
  const { memory, rules } = limits;
  const limited = failover.providers.flatMap((provider) => {
    const limit = limitsOf(memory, rules, agent, provider, excused).find(({ kind }) => kind !== "budget");
    if (limit === undefined) return [];
    const known = providers[provider] ?? {
      isWell: true,
      inRow: 0,
      since: 0,
      count: 0,
      budget: 0,
      budgetAt: 0,
    };
    return [[provider, { ...known, isDown: true, detail: reasonOf(limit) }] as const];
  });
  return limited.length === 0 ? providers : { ...providers, ...Object.fromEntries(limited) };
}

/**
 * Chooses the parked agents that start now. Of each account, one agent starts at a time. While nobody knows when a limit
 * ends, one agent is started every 15 minutes: if a provider responds to one of its requests, all agents start.
 */
export function chooseStarts(
  before: LimitsMemory,
  rules: AccountLimits,
  agents: Readonly<Record<string, AgentSnapshot>>,
  memories: Readonly<Record<string, AgentMemory>>,
  clock: number,
): { readonly memory: LimitsMemory; readonly starts: Starts } {
  const parked = Object.entries(agents).filter(([, { parked, held }]) => parked !== undefined && held === "");
  if (parked.length === 0) return { memory: before, starts: {} };
  const limits = { ...before.limits };
  const startedAt: Record<string, number> = {};
  const starts: Record<string, "ended" | "trial"> = {};
  for (const [account, own] of Map.groupBy(parked, ([, one]) => one.parked?.account ?? "")) {
    const last = before.startedAt[account];
    if (last !== undefined && clock - last < STAGGER) {
      startedAt[account] = last;
      continue;
    }
    const names = own.map(([name]) => name).sort();
    const free = names.find((name) => isFree(before, rules, agents[name], memories[name]));
    const limit = limits[account];
    const isTrial =
      free === undefined &&
      limit !== undefined &&
      limit.until === undefined &&
      clock - limit.triedAt >= TRY_EVERY;
    const next = isTrial ? leastTried(names, account, limit.agent, memories) : free;
    if (next === undefined) continue;
    starts[next] = isTrial ? "trial" : "ended";
    startedAt[account] = clock;
    if (isTrial) limits[account] = { ...limit, triedAt: clock };
  }
  return { memory: { ...before, limits, startedAt }, starts };
}

function isFree(
  memory: LimitsMemory,
  rules: AccountLimits,
  agent: AgentSnapshot | undefined,
  known: AgentMemory | undefined,
): boolean {
  return agent !== undefined && currentLimits(memory, rules, agent, known?.excused).length === 0;
}

/** Returns the agent that was tried least recently; among equals, the one that was refused. */
function leastTried(
  names: readonly string[],
  account: string,
  refused: string | undefined,
  memories: Readonly<Record<string, AgentMemory>>,
): string | undefined {
  const triedAt = (name: string) => memories[name]?.excused?.[account] ?? 0;
  const rank = (name: string) => (name === refused ? 0 : 1);
  return [...names].sort((a, b) => triedAt(a) - triedAt(b) || rank(a) - rank(b))[0];
}
