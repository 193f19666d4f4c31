import type { HistoryKind } from "../../model/deadman.ts";
import type { Answered } from "../probes/prober.ts";
import type { Reading } from "../units/heartbeat-file.ts";
import type { UnitView } from "../units/observe-units.ts";
import type { WatchedUnit } from "../units/policies.ts";
import type { AgentMemory } from "./memory.ts";
import type { Providers } from "./provider-health.ts";

/** The provider that an agent runs on. Both fields are absent if it is the agent's first provider. */
export interface OverrideState {
  /** The provider that the unit is linked to, and should run on. */
  readonly linked?: string;
  /** The provider whose link systemd has loaded. */
  readonly loaded?: string;
}

/** Everything that is currently known about an agent or service. */
export interface AgentSnapshot {
  readonly policy: WatchedUnit;
  readonly unit: UnitView;
  /** Seconds since the unit started. */
  readonly age: number;
  readonly reading: Reading;
  /** The last answer of a service's check; absent for an agent, and before the first answer. */
  readonly check?: Answered;
  readonly isQuarantined: boolean;
  /** Present while a restart for a change is deferred, for `within` seconds at most. */
  readonly deferred?: { readonly within: number; readonly isIdle: boolean };
  /** Present if the agent has more than one provider. */
  readonly override?: OverrideState;
  /** Why the agent or service is paused; empty if it is not. */
  readonly paused: string;
  /** Whether systemd has just been queried. If not, it is queried again before anything is stopped. */
  readonly isFresh: boolean;
}

/**
 * What to do with a unit. `restart`: restart it if it runs, because its configuration has changed. `revive`:
 * restart a service, whether it runs or has failed. `kill`: kill what hangs; systemd restarts it. `hold`: put
 * it into quarantine. `stop`: stop it, because it is in quarantine or its time to live has passed. `switch`:
 * change its provider.
 */
export interface Action {
  readonly act: "restart" | "revive" | "kill" | "hold" | "stop" | "switch";
  readonly agent: string;
  readonly unit: string;
  readonly reason: string;
  /** Present only for `switch`. */
  readonly change?: ProviderChange;
}

export interface ProviderChange {
  /** The new provider; absent if it is the agent's first provider. */
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

/** The input of a decision step, and the functions with which it reports and acts. */
export interface StepContext {
  readonly snapshot: AgentSnapshot;
  readonly clock: number;
  readonly providers: Providers;
  /** Requests that systemd is queried again before any action. */
  requestRefresh(): void;
  report(event: HistoryKind, detail?: string): void;
  act(act: Action["act"], reason: string, change?: ProviderChange): void;
}

/** One step of the decision. @returns the memory after this step */
export type DecisionStep = (memory: AgentMemory, step: StepContext) => AgentMemory;
