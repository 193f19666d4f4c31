import type { Expiring } from "../../config/expiring-credentials.ts";
import type { OnIdentityChange } from "../../model/conversation.ts";
import type { DeferredRestart, HeartbeatState, Lifecycle, PendingPause } from "../../model/deadman.ts";
import type { FailedOver } from "../../model/failover.ts";
import type { FormerKey } from "../../model/former-key.ts";
import type { KeyboardHolder } from "../../model/pane.ts";
import type { ExpiredLogin, FailedHandoffs } from "../../model/protocol.ts";
import type { RuntimeKind } from "../../runtimes/registry.ts";
import type { KeptStopped, UnitLabel } from "./unit-label.ts";

/**
 * `away`: the agent's host is unreachable. `stuck`: the agent itself reports that it is stuck. `stale`: the
 * agent shows no sign of life.
 */
export type AgentState = UnitLabel | "stuck" | "stale" | "away";

/** Everything that is known about an agent, from fleet.yaml and from its host. */
export interface AgentFacts extends KeptStopped {
  readonly agent: string;
  readonly tenant: string;
  readonly host: string;
  readonly state: AgentState;
  /** The declared lifecycle. An ephemeral agent is started by hand and stops by itself. */
  readonly lifecycle: Lifecycle["kind"];
  /** The declared runtime. */
  readonly runtime: RuntimeKind;
  /** The runtime version from which the process runs; absent if the runtime is not pinned. */
  readonly version?: string;
  /** The version that fleet.lock pins; absent if the runtime is not pinned. */
  readonly pinned?: string;
  /**
   * The declared model for the agent's current provider. If no model is declared, this is the provider; absent if
   * neither is declared.
   */
  readonly model?: string;
  /** The agent's credentials that expire soon or have expired; absent if no credential does. */
  readonly expiring?: readonly Expiring[];
  /** Present if Muster has installed nothing on the agent's host yet. */
  readonly isHostEmpty?: true;
  /** The undeclared programs that run as the agent's user; absent if no such program runs. */
  readonly unmanaged?: readonly string[];
  /** The name of the process in the agent's pane; absent if no process is running. */
  readonly process?: string;
  /** Present if the process does not belong to the agent's runtime. */
  readonly otherProcess?: true;
  /** The former unit that still runs the agent; absent if Muster's own unit runs it. */
  readonly former?: string;
  /** systemd's UnitFileState. This field and the following ones are absent if the unit does not exist. */
  readonly enabled?: string;
  readonly pid?: number;
  readonly restarts?: number;
  /** The number of seconds since the unit entered its state; 0 if unknown. */
  readonly since?: number;
  /** The memory in bytes that the agent uses; absent if the agent does not run. */
  readonly memory?: number;
  /** Present while the agent's program has ended and systemd waits before it restarts the program. */
  readonly isRestarting?: true;
  /** The status that the agent reports about itself. */
  readonly status?: string;
  /**
   * The state in the agent's heartbeat. This field and the next seven are absent if the deadman does not
   * report them.
   */
  readonly beat?: HeartbeatState;
  /** The number of seconds for which the agent has reported this state. */
  readonly beatFor?: number;
  /** The number of seconds since the agent's last sign of life. */
  readonly silent?: number;
  readonly task?: string;
  /** The question of the dialog that blocks the agent. */
  readonly blocked?: string;
  /** Present if this dialog is a login of the runtime. */
  readonly login?: true;
  /** The problem with the agent's heartbeat; absent if the heartbeat is valid. */
  readonly problem?: string;
  /** The reason why the deadman currently does not act on the agent. */
  readonly held?: string;
  /** The deferred restart. Present while the agent still runs with an earlier declaration. */
  readonly owed?: Pick<DeferredRestart, "restart" | "within" | "since" | "by">;
  /** The tasks that the agent has handed off and that hostd could not deliver yet. */
  readonly handoffs?: FailedHandoffs;
  /** The requested pause, which begins when the agent is idle. */
  readonly pausing?: PendingPause;
  /**
   * The provider that the deadman has chosen for the agent, and since when; absent if this is the agent's first
   * provider.
   */
  readonly failedOver?: FailedOver;
  /** The person who currently types at the agent's terminal; absent if nobody does. */
  readonly keyboard?: KeyboardHolder;
  /**
   * What the next start does with the running conversation, which has a former identity; absent if it has the current
   * identity.
   */
  readonly identityOld?: OnIdentityChange;
  /** Present while the agent waits for its turn to start. */
  readonly isWaiting?: true;
  /** The former values of the agent's credentials, which `up` has replaced; absent if it has replaced no value. */
  readonly formerKeys?: readonly FormerKey[];
  /** The agent's login files that have expired and cannot be renewed; absent if no login has expired. */
  readonly expiredLogins?: readonly ExpiredLogin[];
  /** The open findings about repairs that recur; absent if no repair recurs. */
  readonly recurring?: readonly RecurringFinding[];
}

/**
 * A finding about a property of an agent that `up` has repaired repeatedly. The finding is open until a person closes
 * it.
 */
export interface RecurringFinding {
  /** The id for `fleet resolve`. */
  readonly id: string;
  readonly item: string;
  readonly property: string;
  readonly repairs: number;
}
