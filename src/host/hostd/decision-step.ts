import type { ConversationStart } from "../../model/conversation.ts";
import type { HistoryKind, PendingPause } from "../../model/deadman.ts";
import type { AccountLimits, Park } from "../../model/limits.ts";
import type { Answered } from "../probes/prober.ts";
import type { Reading } from "../units/heartbeat-file.ts";
import type { UnitView } from "../units/observe-units.ts";
import type { WatchedUnit } from "../units/policies.ts";
import type { Evidence } from "../usage/agent-usage-state.ts";
import type { LimitsMemory } from "./limits-memory.ts";
import type { LostTurn } from "./lost-turns.ts";
import type { Providers } from "./provider-health.ts";
import type { AgentMemory } from "./saved-memory.ts";

/** The provider that an agent runs on. Both fields are absent if this is the agent's first provider. */
export interface OverrideState {
  /** The provider that the unit is linked to, and should run on. */
  readonly linked?: string;
  /** The provider of the link that systemd has loaded. */
  readonly loaded?: string;
}

/** What is known about the conversation of a run. */
export interface ConversationView {
  /** What muster-session has written; absent until then, and if the agent starts without muster-session. */
  readonly start?: ConversationStart;
  /** The digest of the declared identity when the run was first observed; absent if no identity is declared. */
  readonly identity?: string;
}

/** Everything that is currently known about an agent or service. */
export interface AgentSnapshot {
  readonly policy: WatchedUnit;
  readonly unit: UnitView;
  /** The unit's main process; absent if the unit has no main process. */
  readonly pid?: number;
  /** Seconds since the unit started. */
  readonly age: number;
  readonly reading: Reading;
  /** The last result of a service's check; absent for an agent, and before the first result. */
  readonly check?: Answered;
  /** Whether the unit is in quarantine or paused. Such a unit must not run. */
  readonly isQuarantined: boolean;
  /** How the agent's program last ended, and its last line of output; present after a recent end. */
  readonly end?: string;
  /** Present while a restart for a change is deferred, for `within` seconds at most. */
  readonly deferred?: { readonly within: number; readonly isIdle: boolean };
  /** Present while a requested pause is pending. The pause begins when the agent is idle, or after `within` seconds. */
  readonly pausing?: PendingPause & { readonly isIdle: boolean };
  /** Present while the agent is parked: its park, since when, and the reason. */
  readonly parked?: Park & { readonly since: string; readonly reason: string };
  /** What the agent's records prove about its account; absent if there are no records. */
  readonly evidence?: Evidence;
  /** Whether the agent is idle; present only while an account of the host has a limit. */
  readonly isIdle?: boolean;
  /** The question of the dialog that has been on the terminal for two minutes; absent if there is none. */
  readonly question?: string;
  /** What is known about the conversation of the agent's current run; absent for a service and while it is not up. */
  readonly conversation?: ConversationView;
  /** The last turns that ended without an answer, the oldest first; absent if no turn was lost. */
  readonly lostTurns?: readonly LostTurn[];
  /** Present if the agent has more than one provider. */
  readonly override?: OverrideState;
  /** Why the agent or service is held; empty if the agent or service is not held. */
  readonly held: string;
  /** Whether systemd has just been queried. If not, the deadman queries systemd again before a unit is stopped. */
  readonly isFresh: boolean;
}

/**
 * An action on a unit. `restart`: restart the unit if it runs, because its configuration has changed. `revive`: restart
 * a service, whether it runs or has failed. `kill`: kill the unit's processes, because the agent hangs or its program
 * has left its tmux; systemd then restarts the unit. `park`: pause the unit until the limit of its account has ended.
 * `unpark`: end such a pause. `quarantine`: stop the unit and put it into quarantine. `pause`:
 * stop the unit until a person resumes it. `stop`: stop the unit, because it is in quarantine or its time to live has
 * passed. `switch`: change the unit's provider.
 */
export interface Action {
  readonly act:
    | "restart"
    | "revive"
    | "kill"
    | "quarantine"
    | "pause"
    | "park"
    | "unpark"
    | "stop"
    | "switch";
  readonly agent: string;
  readonly unit: string;
  readonly reason: string;
  /** Present only for `switch`. */
  readonly change?: ProviderChange;
  /** Who has requested the pause; present only for `pause`. */
  readonly by?: string;
  /** Present only for `park` and `unpark`. */
  readonly park?: Park;
}

export interface ProviderChange {
  /** The new provider; absent if the agent's first provider is chosen. */
  readonly to?: string;
  /** Seconds after which the agent restarts even if it is not idle. */
  readonly within: number;
  /** The unit's current run, which ends when the unit restarts for the change. */
  readonly run: string;
}

export interface HostEvent {
  readonly event: HistoryKind;
  readonly agent?: string;
  readonly service?: string;
  readonly detail?: string;
}

/** The parked agents that start now: because their limit has ended, or to try whether their account works again. */
export type Starts = Readonly<Record<string, "ended" | "trial">>;

/** The limits of accounts and budgets, and the parked agents that start now. */
export interface StepLimits {
  readonly memory: LimitsMemory;
  readonly rules: AccountLimits;
  readonly starts: Starts;
  /** The time of the wall clock in milliseconds since 1970. */
  readonly now: number;
}

/** The input of a decision step, and the functions with which it reports and acts. */
export interface StepContext {
  readonly snapshot: AgentSnapshot;
  readonly clock: number;
  /** The health of the providers. A provider whose account has a limit counts as down. */
  readonly providers: Providers;
  /** The limits of accounts and budgets; absent if nothing is known about them. */
  readonly limits?: StepLimits;
  /** Requests a new query of systemd before any action. */
  requestRefresh(): void;
  report(event: HistoryKind, detail?: string): void;
  act(act: Action["act"], reason: string, more?: Pick<Action, "change" | "by" | "park">): void;
}

/** One step of the decision. @returns the state of the agent or service after this step */
export type DecisionStep = (memory: AgentMemory, step: StepContext) => AgentMemory;
