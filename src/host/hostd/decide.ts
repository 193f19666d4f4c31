import { changeProvider } from "./choose-provider.ts";
import { killHanging, noticeBeats, noticePause } from "./heartbeats.ts";
import { type AgentMemory, BUDGET } from "./memory.ts";
import type { Providers } from "./provider-health.ts";
import {
  countRestarts,
  killStrays,
  noticeRuns,
  quarantineCrashing,
  restartDeferred,
  stopFinished,
} from "./restarts.ts";
import { watchHealth } from "./service-health.ts";
import type { Action, AgentSnapshot, DecisionStep, HostEvent, StepContext } from "./types.ts";

export interface Decision {
  readonly memory: AgentMemory;
  readonly actions: readonly Action[];
  readonly events: readonly HostEvent[];
  /** Before anything is done for it, systemd must be asked anew. */
  readonly wantsLook: boolean;
}

/**
 * Judges one agent: a pure function of what is seen and what is remembered.
 *
 * @param clock the deadman's own, in seconds
 * @param providers how the providers are that it may run on
 */
export function decide(
  before: AgentMemory,
  seen: AgentSnapshot,
  clock: number,
  providers: Providers = {},
): Decision {
  const events: HostEvent[] = [];
  const actions: Action[] = [];
  const { agent, unit, service } = seen.policy;
  const subject = service === undefined ? { agent } : { service: agent };
  let wantsLook = false;
  const turn: StepContext = {
    seen,
    clock,
    providers,
    wantLook: () => {
      wantsLook = true;
    },
    tell: (event, detail) => events.push({ event, ...subject, ...(detail && { detail }) }),
    act: (act, reason, change) => actions.push({ act, agent, unit, reason, ...(change && { change }) }),
  };
  const after = STEPS.reduce((memory, step) => step(memory, turn), before);
  return { actions, wantsLook, ...withinBudget(after, events, clock) };
}

const STEPS: readonly DecisionStep[] = [
  noticePause,
  noticeRuns,
  countRestarts,
  quarantineCrashing,
  killStrays,
  noticeBeats,
  killHanging,
  watchHealth,
  stopFinished,
  changeProvider,
  restartDeferred,
];

/** No agent can push the others' past out of a history that is bounded. */
function withinBudget(memory: AgentMemory, events: readonly HostEvent[], clock: number) {
  const budget = Math.min(BUDGET, memory.budget + (clock - memory.budgetAt) / 60);
  if (events.length === 0) return { memory, events };
  const told = events.slice(0, Math.floor(budget));
  const isLast = told.length > 0 && budget - told.length < 1;
  const flood: HostEvent = {
    ...(events[0] as HostEvent),
    event: "flood",
    detail: "more happens than is recorded",
  };
  return {
    memory: { ...memory, budget: budget - told.length, budgetAt: clock },
    events: isLast ? [...told, flood] : told,
  };
}
