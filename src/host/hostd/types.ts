import type { HistoryKind } from "../../model/deadman.ts";
import type { Answered } from "../probes/prober.ts";
import type { Reading } from "../units/heartbeat-file.ts";
import type { UnitView } from "../units/observe-units.ts";
import type { WatchedUnit } from "../units/policies.ts";
import type { AgentMemory } from "./memory.ts";
import type { Providers } from "./provider-health.ts";

/** The provider that an agent runs on; if both are left out, its first. */
export interface OverrideState {
  /** As it is linked, and so should be. */
  readonly linked?: string;
  /** As systemd has read it. */
  readonly loaded?: string;
}

/** Everything that is known of an agent or service now. */
export interface AgentSnapshot {
  readonly policy: WatchedUnit;
  readonly unit: UnitView;
  /** Seconds since its start. */
  readonly age: number;
  readonly reading: Reading;
  /** The last answer of a service's check. */
  readonly check?: Answered;
  readonly isQuarantined: boolean;
  /** Present while a restart for a change is deferred, for `within` seconds at most. */
  readonly deferred?: { readonly within: number; readonly isIdle: boolean };
  /** Present if it has more than one provider. */
  readonly override?: OverrideState;
  /** Why it is paused; empty if it is not. */
  readonly paused: string;
  /** Whether systemd has just been queried. Nothing is stopped because of an older state. */
  readonly isFresh: boolean;
}

/**
 * What to do. `restart`: a unit that runs with its previous configuration. `revive`: restart a service, whether it runs or
 * has failed. `kill`: end what hangs, and systemd restarts it. `hold`: put into quarantine. `stop`: it is in quarantine, or
 * its time is over. `switch`: change its provider.
 */
export interface Action {
  readonly act: "restart" | "revive" | "kill" | "hold" | "stop" | "switch";
  readonly agent: string;
  readonly unit: string;
  readonly reason: string;
  /** With `switch`. */
  readonly change?: ProviderChange;
}

export interface ProviderChange {
  /** Left out: its first. */
  readonly to?: string;
  /** Seconds after which it restarts even if it is not idle. */
  readonly within: number;
  /** The run that ends with the change. */
  readonly run: string;
}

export interface HostEvent {
  readonly event: HistoryKind;
  readonly agent?: string;
  readonly service?: string;
  readonly detail?: string;
}

/** What a step of the decision works with. */
export interface StepContext {
  readonly snapshot: AgentSnapshot;
  readonly clock: number;
  readonly providers: Providers;
  /** Has systemd queried again before anything is done. */
  requestRefresh(): void;
  report(event: HistoryKind, detail?: string): void;
  act(act: Action["act"], reason: string, change?: ProviderChange): void;
}

/** One step of the decision. @returns the memory after it */
export type DecisionStep = (memory: AgentMemory, step: StepContext) => AgentMemory;
