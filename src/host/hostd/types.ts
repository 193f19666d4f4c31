import type { HistoryKind } from "../../model/deadman.ts";
import type { Answered } from "../probes/prober.ts";
import type { Reading } from "../units/heartbeat-file.ts";
import type { UnitView } from "../units/observe-units.ts";
import type { WatchedUnit } from "../units/policies.ts";
import type { AgentMemory } from "./memory.ts";
import type { Providers } from "./provider-health.ts";

/** On which provider an agent runs; left out in both: on its first. */
export interface OverrideState {
  /** As it is linked, and so is to be. */
  readonly linked?: string;
  /** As systemd has read it. */
  readonly loaded?: string;
}

/** Everything that is known of an agent now. */
export interface AgentSnapshot {
  readonly policy: WatchedUnit;
  readonly unit: UnitView;
  /** Seconds that it is up. */
  readonly age: number;
  readonly reading: Reading;
  /** What a service's check told last. */
  readonly check?: Answered;
  readonly isQuarantined: boolean;
  /** There while it is to be started again for a change. `within` seconds at most. */
  readonly owed?: { readonly within: number; readonly isIdle: boolean };
  /** There where it has more than one provider. */
  readonly choice?: OverrideState;
  /** Why it is to be left alone; empty where it is not. */
  readonly paused: string;
  /** Whether systemd was asked just now. Nothing is stopped for what was so a while ago. */
  readonly isFresh: boolean;
}

/** What to do. `restart`: what runs with what was declared before. `revive`: a service, whether it runs or failed. `kill`: end what hangs, and systemd starts it again. `hold`: into quarantine. `stop`: it is there, or its time is over. `switch`: have it run on another provider. */
export interface Action {
  readonly act: "restart" | "revive" | "kill" | "hold" | "stop" | "switch";
  readonly agent: string;
  readonly unit: string;
  readonly reason: string;
  /** With `switch`. */
  readonly change?: ProviderChange;
}

export interface ProviderChange {
  /** Left out: to its first. */
  readonly to?: string;
  /** Seconds after which it is started again though it is not idle. */
  readonly within: number;
  /** The run that is to end for it. */
  readonly run: string;
}

export interface HostEvent {
  readonly event: HistoryKind;
  readonly agent?: string;
  readonly service?: string;
  readonly detail?: string;
}

/** What a step of the judgement has at hand. */
export interface StepContext {
  readonly seen: AgentSnapshot;
  readonly clock: number;
  readonly providers: Providers;
  wantLook(): void;
  tell(event: HistoryKind, detail?: string): void;
  act(act: Action["act"], reason: string, change?: ProviderChange): void;
}

/** One step: what is remembered before it becomes what is remembered after it. */
export type DecisionStep = (memory: AgentMemory, turn: StepContext) => AgentMemory;
