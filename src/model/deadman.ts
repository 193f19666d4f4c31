import type { FailureRecords, ScreenForm } from "./conversation.ts";
import type { FailoverPolicy } from "./failover.ts";
import type { HealthCheck } from "./health-check.ts";
import type { Park } from "./limits.ts";

/**
 * Types for the deadman, the daemon on each host that watches agents and services, and restarts them when they hang.
 * `up` writes the deadman's policies, the host runtime runs the deadman, and the commands show the deadman's reports.
 */

export const HEARTBEATS = ["file", "notify", "pane", "none"] as const;

/**
 * The way in which an agent shows that it is alive. With `none`, the agent sends no heartbeat, and the deadman notices
 * only when the agent has exited.
 */
export type HeartbeatBy = (typeof HEARTBEATS)[number];

export const HEARTBEAT_SENDERS = ["timer", "events", "hooks"] as const;

export interface Heartbeat {
  readonly by: HeartbeatBy;
  /**
   * The sender of the heartbeats. `timer`: a timer sends heartbeats, even while the agent is idle. `events`: events,
   * such as the hooks of a runtime, send heartbeats. `hooks`: like `events`, but output on the terminal also shows that
   * a busy agent is alive. If absent, the deadman determines the sender from the heartbeats of each run. Present only
   * with `by: file`.
   */
  readonly sent?: (typeof HEARTBEAT_SENDERS)[number];
  /** The number of seconds between two heartbeats. An agent that sends no heartbeat for three intervals is stale. */
  readonly interval: number;
  /** The number of seconds without a heartbeat after which an agent counts as hung and is restarted. */
  readonly timeout: number;
}

/** The limit at which an agent or a service is put in quarantine: `most` restarts within `within` seconds. */
export interface RestartLimit {
  readonly most: number;
  readonly within: number;
}

/**
 * How long an agent runs. A `core` agent always runs. An `ephemeral` agent is started on request. It stops when its
 * work is done, or after `ttl` seconds.
 */
export type Lifecycle = { readonly kind: "core" } | { readonly kind: "ephemeral"; readonly ttl: number };

export const ON_CHANGE = ["never", "when-idle", "now"] as const;

/** When a running agent is restarted after a change to its unit or to a file that the agent reads when it starts. */
export type OnChange = (typeof ON_CHANGE)[number];

/** The number of seconds that an agent's program has to stop before systemd kills it. */
export const STOP_SECONDS = 10;

export interface ChangePolicy {
  readonly restart: OnChange;
  /** The number of seconds after a change until the agent is restarted even if it is not idle. */
  readonly deadline: number;
}

/** A deferred restart of an agent. Until the restart, the agent runs with its earlier declaration. */
export interface DeferredRestart {
  readonly restart: OnChange;
  /** The number of seconds until the agent is restarted even if it is not idle; see `deadline` of ChangePolicy. */
  readonly within: number;
  /** systemd's InvocationID of the run that must be replaced. */
  readonly run: string;
  /** The time when the restart was deferred (UTC, ISO 8601). */
  readonly since: string;
  /**
   * The person who has requested the restart with `fleet restart`; absent if a change of the declaration has caused it.
   */
  readonly by?: string;
}

/**
 * A weekly period, in UTC, in which the deadman does not act. If `to` is before `from`, the window ends on the next
 * day.
 */
export interface MaintenanceWindow {
  /** The days on which the window begins; 0 is Sunday. */
  readonly days: readonly number[];
  /** The start of the window, in minutes since midnight. */
  readonly from: number;
  /** The end of the window, in minutes since midnight. */
  readonly to: number;
}

/**
 * The deadman's policy for one agent, which `up` writes as root-owned JSON to a file named after the agent. The policy
 * has no fields for the unit and the heartbeat file, because these are derived from the name of the policy's file. A
 * tenant that can write one agent's policy therefore cannot affect another agent.
 */
export interface Policy {
  readonly heartbeat: Heartbeat;
  readonly restarts: RestartLimit;
  readonly maintenance: readonly MaintenanceWindow[];
  /** The number of seconds after which an ephemeral agent is stopped; absent for a core agent. */
  readonly ttl?: number;
  /** Present only if the agent has more than one provider. */
  readonly failover?: FailoverPolicy;
  /**
   * Present if the program writes to its terminal while it works, and writes nothing while it waits. If absent, the
   * deadman uses processor time instead of output to find out whether the agent is idle.
   */
  readonly showsWork?: true;
  /** The description of the program's dialogs on the terminal; absent if it is not known. */
  readonly screen?: ScreenForm;
  /** Where the program records turns that have ended without an answer; absent if this is not known. */
  readonly failures?: readonly FailureRecords[];
}

export const ON_UNHEALTHY = ["restart", "tell"] as const;

/** The deadman's reaction to an unhealthy service: it restarts the service (`restart`), or only reports it (`tell`). */
export type OnUnhealthy = (typeof ON_UNHEALTHY)[number];

/** The deadman's policy for one service with a health check, which `up` writes. */
export interface ServicePolicy {
  /** The service's systemd unit. */
  readonly unit: string;
  readonly health: HealthCheck;
  /**
   * The number of seconds after each start during which failed checks are ignored. This period ends early when a check
   * succeeds.
   */
  readonly grace: number;
  readonly onUnhealthy: OnUnhealthy;
  readonly restarts: RestartLimit;
  readonly maintenance: readonly MaintenanceWindow[];
}

/** The result of a service's health checks; `unknown` until enough checks have run. */
export type Verdict = "unknown" | "healthy" | "unhealthy";

/** The deadman's current view of one service. */
export interface WatchedService {
  readonly unit: string;
  readonly health: Verdict;
  /** The result of the last check, such as `it answers 200`; absent before the first check. */
  readonly detail?: string;
  /** The number of restarts that count towards quarantine. */
  readonly restarts: number;
  /** The reason why the deadman currently does not act on the service; absent if the service is not held. */
  readonly held?: string;
}

export const HEARTBEAT_STATES = ["idle", "busy", "blocked", "stuck"] as const;

/** The state that an agent reports in its heartbeat file; see docs/schema/heartbeat.schema.json. */
export type HeartbeatState = (typeof HEARTBEAT_STATES)[number];

export type HistoryKind =
  | "hostd-started"
  | "host-booted"
  | "died"
  | "started"
  | "restarted"
  | "stopped"
  | "ended"
  | "stale"
  | "hung"
  | "recovered"
  | "stuck"
  | "bad-heartbeat"
  | "blocked"
  | "unblocked"
  | "turn-lost"
  | "quarantined"
  | "asked"
  | "released"
  | "paused"
  | "resumed"
  | "parked"
  | "unparked"
  | "rate-limited"
  | "budget"
  | "held"
  | "hold-ended"
  | "job-failed"
  | "healthy"
  | "unhealthy"
  | "provider-down"
  | "provider-up"
  | "failed-over"
  | "returned"
  | "stranded"
  | "left"
  | "arrived"
  | "taken-over"
  | "given-back"
  | "kept"
  | "rolled-back"
  | "flood"
  | "message"
  | "new-conversation"
  | "key-unused"
  | "keyboard-taken"
  | "keyboard-returned";

/** One event in a host's history. */
export interface HistoryEvent {
  /** The time of the event (UTC, ISO 8601). */
  readonly time: string;
  readonly event: HistoryKind;
  /** The agent that the event concerns. Absent if it concerns a service or the entire host. */
  readonly agent?: string;
  /** The job that the event concerns. Absent if it concerns no job. */
  readonly job?: string;
  /** The service that the event concerns. Absent if it concerns no service. */
  readonly service?: string;
  /** Additional text about the event, without a final full stop. Absent if there is nothing to add. */
  readonly detail?: string;
}

/** The deadman's current view of one agent. */
export interface WatchedAgent {
  readonly unit: string;
  readonly by: HeartbeatBy;
  readonly health: "well" | "stale" | "hung" | "down";
  /** The number of seconds since the agent's last sign of life. */
  readonly age: number;
  /** The number of restarts that count towards quarantine. */
  readonly restarts: number;
  readonly state?: HeartbeatState;
  /** The number of seconds for which the agent has reported this state; absent if it reports no state. */
  readonly stateFor?: number;
  readonly task?: string;
  /** The question of the dialog that blocks the agent; absent if no dialog is open. */
  readonly blocked?: string;
  /** The digest of the identity that the running conversation has; absent if it is not known. */
  readonly identity?: string;
  /** Present if this dialog is a login of the runtime. */
  readonly login?: true;
  /** The error in the agent's heartbeat; absent if there is no error. */
  readonly problem?: string;
  /** The reason why the deadman currently does not act on the agent; absent if the agent is not held. */
  readonly held?: string;
}

/** The time and the reason of a quarantine. An agent or a service in quarantine is stopped and cannot start. */
export interface Quarantine {
  /** The time when the quarantine began (UTC, ISO 8601). */
  readonly since: string;
  readonly reason: string;
}

/** A pause: who stopped an agent or a service with `fleet pause`, and when. */
export interface Pause {
  /** The time when the pause began (UTC, ISO 8601). */
  readonly since: string;
  readonly by: string;
  /** Present if the deadman has paused the agent because of a limit of its account. */
  readonly park?: Park;
  /** The reason for the park; present only with `park`. */
  readonly reason?: string;
}

/** A pause that begins when the agent is idle, or after `within` seconds at the latest. */
export interface PendingPause extends Pause {
  readonly within: number;
}
