import type { FailoverPolicy } from "./failover.ts";
import type { HealthCheck } from "./health.ts";

/**
 * Types that describe the deadman: the daemon on each host that watches agents and services, and restarts
 * them when they hang. `up` writes the deadman's policies, the host runtime runs the deadman, and the
 * commands show what it reports.
 */

export const HEARTBEATS = ["file", "notify", "pane", "none"] as const;

/**
 * How an agent shows that it is alive. With `none` it sends no heartbeat, and the deadman notices only its
 * exit.
 */
export type HeartbeatBy = (typeof HEARTBEATS)[number];

export interface Heartbeat {
  readonly by: HeartbeatBy;
  /** Seconds between two heartbeats. An agent without one for three intervals is stale. */
  readonly interval: number;
  /** Seconds without a heartbeat before an agent counts as hung and is restarted. */
  readonly timeout: number;
}

/** How many restarts (`most`) within how many seconds (`within`) put an agent or a service in quarantine. */
export interface RestartLimit {
  readonly most: number;
  readonly within: number;
}

/**
 * How long an agent runs. A `core` agent always runs. An `ephemeral` agent is started on request and stops
 * when it is done, or after `ttl` seconds.
 */
export type Lifecycle = { readonly kind: "core" } | { readonly kind: "ephemeral"; readonly ttl: number };

export const ON_CHANGE = ["never", "when-idle", "now"] as const;

/** When a running agent is restarted after a change to something that it reads when it starts. */
export type OnChange = (typeof ON_CHANGE)[number];

export interface ChangePolicy {
  readonly restart: OnChange;
  /** Seconds after a change before the agent is restarted even if it is not idle. */
  readonly deadline: number;
}

/** A restart that waits until an agent is idle. Until then the agent runs with its earlier declaration. */
export interface DeferredRestart {
  readonly restart: OnChange;
  /** Seconds until the agent is restarted even if it is not idle; the `deadline` of ChangePolicy. */
  readonly within: number;
  /** systemd's InvocationID of the run that must be replaced. */
  readonly run: string;
  /** UTC, ISO 8601. */
  readonly since: string;
}

/**
 * A weekly period, in UTC, in which the deadman does not act. If `to` is before `from`, the window ends the
 * next day.
 */
export interface MaintenanceWindow {
  /** The days on which the window begins; 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes since midnight. */
  readonly from: number;
  readonly to: number;
}

/**
 * The deadman's policy for one agent, which `up` writes as root-owned JSON to a file named after the agent.
 * The unit and the heartbeat file are derived from the file's name and are not fields of the policy, so that
 * a tenant that may write one agent's policy cannot affect another agent.
 */
export interface Policy {
  readonly heartbeat: Heartbeat;
  readonly restarts: RestartLimit;
  readonly maintenance: readonly MaintenanceWindow[];
  /** Seconds after which an ephemeral agent is stopped; absent for a core agent. */
  readonly ttl?: number;
  /** Present only if the agent has more than one provider. */
  readonly failover?: FailoverPolicy;
}

export const ON_UNHEALTHY = ["restart", "tell"] as const;

/** What the deadman does about an unhealthy service: restart it (`restart`) or only report it (`tell`). */
export type OnUnhealthy = (typeof ON_UNHEALTHY)[number];

/** The deadman's policy for one service with a health check, which `up` writes. */
export interface ServicePolicy {
  /** The service's systemd unit. */
  readonly unit: string;
  readonly health: HealthCheck;
  /** Seconds after each start in which failed checks are ignored. This ends early when a check succeeds. */
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
  /** The result of the last check, such as `it answers 200`; absent if there is none. */
  readonly detail?: string;
  /** Restarts that count towards quarantine. */
  readonly restarts: number;
  /** Why the deadman does not act on the service at present; absent if it does act. */
  readonly paused?: string;
}

export const HEARTBEAT_STATES = ["idle", "busy", "stuck"] as const;

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
  | "quarantined"
  | "asked"
  | "released"
  | "paused"
  | "resumed"
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
  | "flood";

/** One event in a host's history. */
export interface HistoryEvent {
  /** UTC, ISO 8601. */
  readonly time: string;
  readonly event: HistoryKind;
  /** The agent that the event concerns. Absent if it concerns a service or the whole host. */
  readonly agent?: string;
  /** The job that the event concerns. Absent if it concerns no job. */
  readonly job?: string;
  /** The service that the event concerns. Absent if it concerns no service. */
  readonly service?: string;
  /** More about the event, as a sentence without its full stop. Absent if there is nothing to add. */
  readonly detail?: string;
}

/** The deadman's current view of one agent. */
export interface WatchedAgent {
  readonly unit: string;
  readonly by: HeartbeatBy;
  readonly health: "well" | "stale" | "hung" | "down";
  /** Seconds since the last sign of life. */
  readonly age: number;
  /** Restarts that count towards quarantine. */
  readonly restarts: number;
  readonly state?: HeartbeatState;
  readonly task?: string;
  /** What is wrong with the agent's heartbeat; absent if nothing is wrong. */
  readonly problem?: string;
  /** Why the deadman does not act on the agent at present; absent if it does act. */
  readonly paused?: string;
}

/** Since when, and why, an agent or a service is stopped and does not start again. */
export interface Quarantine {
  /** UTC, ISO 8601. */
  readonly since: string;
  readonly reason: string;
}
