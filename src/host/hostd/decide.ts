import { changeProvider } from "./choose-provider.ts";
import { noticeConversation } from "./conversation-decisions.ts";
import type {
  Action,
  AgentSnapshot,
  DecisionStep,
  HostEvent,
  StepContext,
  StepLimits,
} from "./decision-step.ts";
import { killHanging, noticeDialogs, noticeHeartbeats, noticeLostTurns } from "./heartbeat-decisions.ts";
import { parkLimited, withLimits } from "./parking-decisions.ts";
import { noticeHold, pauseWhenIdle } from "./pause-decisions.ts";
import type { Providers } from "./provider-health.ts";
import {
  countRestarts,
  killStrays,
  noticeRuns,
  quarantineCrashing,
  restartDeferred,
  stopFinished,
} from "./restart-decisions.ts";
import { type AgentMemory, BUDGET } from "./saved-memory.ts";
import { watchHealth } from "./service-health.ts";

export interface Decision {
  readonly memory: AgentMemory;
  readonly actions: readonly Action[];
  readonly events: readonly HostEvent[];
  /** Whether systemd must be queried again, and the decision repeated, before any action. */
  readonly needsRefresh: boolean;
}

/**
 * Decides what to do about one agent or service. This is a pure function of its arguments.
 *
 * @param clock the deadman's own clock, in seconds
 * @param providers the health of all probed providers
 * @param limits the limits of accounts and budgets
 */
export function decide(
  before: AgentMemory,
  snapshot: AgentSnapshot,
  clock: number,
  providers: Providers = {},
  limits?: StepLimits,
): Decision {
  const events: HostEvent[] = [];
  const actions: Action[] = [];
  const { agent, unit, service } = snapshot.policy;
  const owner = service === undefined ? { agent } : { service: agent };
  let needsRefresh = false;
  const step: StepContext = {
    snapshot,
    clock,
    providers: withLimits(providers, snapshot, limits, before.excused),
    ...(limits && { limits }),
    requestRefresh: () => {
      needsRefresh = true;
    },
    report: (event, detail) => events.push({ event, ...owner, ...(detail && { detail }) }),
    act: (act, reason, more) => actions.push({ act, agent, unit, reason, ...more }),
  };
  const after = STEPS.reduce((memory, decideStep) => decideStep(memory, step), before);
  return { actions, needsRefresh, ...withinBudget(after, events, clock) };
}

const STEPS: readonly DecisionStep[] = [
  noticeHold,
  noticeRuns,
  noticeConversation,
  countRestarts,
  quarantineCrashing,
  killStrays,
  noticeHeartbeats,
  noticeDialogs,
  noticeLostTurns,
  killHanging,
  watchHealth,
  stopFinished,
  parkLimited,
  changeProvider,
  restartDeferred,
  pauseWhenIdle,
];

/** Limits one agent's events, so that they cannot push other agents' events out of the bounded history. */
function withinBudget(memory: AgentMemory, events: readonly HostEvent[], clock: number) {
  const budget = Math.min(BUDGET, memory.budget + (clock - memory.budgetAt) / 60);
  if (events.length === 0) return { memory, events };
  const recorded = events.slice(0, Math.floor(budget));
  const isLast = recorded.length > 0 && budget - recorded.length < 1;
  const flood: HostEvent = {
    ...(events[0] as HostEvent),
    event: "flood",
    detail: "too many events: some are not recorded",
  };
  return {
    memory: { ...memory, budget: budget - recorded.length, budgetAt: clock },
    events: isLast ? [...recorded, flood] : recorded,
  };
}
