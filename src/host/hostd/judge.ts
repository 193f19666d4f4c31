import { noticeBeats, noticePause, stopWhatHangs } from "./beats.ts";
import { restartWhatIsDue } from "./due.ts";
import { changeProvider } from "./fail-over.ts";
import { watchHealth } from "./health.ts";
import { type AgentMemory, BUDGET } from "./memory.ts";
import type { Providers } from "./provider-health.ts";
import { countRestarts, endWhatIsOver, endWhatStrayed, holdWhatCrashes, noticeRuns } from "./runs.ts";
import type { Action, Noticed, Seen, Step, Turn } from "./turn.ts";

export interface Judgement {
  readonly memory: AgentMemory;
  readonly actions: readonly Action[];
  readonly events: readonly Noticed[];
  /** Before anything is done for it, systemd must be asked anew. */
  readonly wantsLook: boolean;
}

/**
 * Judges one agent: a pure function of what is seen and what is remembered.
 *
 * @param clock the deadman's own, in seconds
 * @param providers how the providers are that it may run on
 */
export function judge(before: AgentMemory, seen: Seen, clock: number, providers: Providers = {}): Judgement {
  const events: Noticed[] = [];
  const actions: Action[] = [];
  const { agent, unit, service } = seen.policy;
  const subject = service === undefined ? { agent } : { service: agent };
  let wantsLook = false;
  const turn: Turn = {
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

const STEPS: readonly Step[] = [
  noticePause,
  noticeRuns,
  countRestarts,
  holdWhatCrashes,
  endWhatStrayed,
  noticeBeats,
  stopWhatHangs,
  watchHealth,
  endWhatIsOver,
  changeProvider,
  restartWhatIsDue,
];

/** No agent can push the others' past out of a history that is bounded. */
function withinBudget(memory: AgentMemory, events: readonly Noticed[], clock: number) {
  const budget = Math.min(BUDGET, memory.budget + (clock - memory.budgetAt) / 60);
  if (events.length === 0) return { memory, events };
  const told = events.slice(0, Math.floor(budget));
  const isLast = told.length > 0 && budget - told.length < 1;
  const flood: Noticed = {
    ...(events[0] as Noticed),
    event: "flood",
    detail: "more happens than is recorded",
  };
  return {
    memory: { ...memory, budget: budget - told.length, budgetAt: clock },
    events: isLast ? [...told, flood] : told,
  };
}
