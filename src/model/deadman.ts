import type { FailoverPolicy } from "./failover.ts";
import type { HealthCheck } from "./health.ts";

/** What the deadman of a host, its agents and the commands that ask about them have in common. */

export const HEARTBEATS = ["file", "notify", "pane", "none"] as const;

/** How an agent shows that it lives. `none`: it does not, and only its end is noticed. */
export type HeartbeatBy = (typeof HEARTBEATS)[number];

export interface Heartbeat {
  readonly by: HeartbeatBy;
  /** Seconds between two beats; without one for three times as long an agent is stale. */
  readonly interval: number;
  /** Seconds without a beat after which a hung agent is stopped, and systemd starts it again. */
  readonly timeout: number;
}

/** How many restarts within how many seconds bring an agent into quarantine. */
export interface RestartLimit {
  readonly most: number;
  readonly within: number;
}

/**
 * Whether an agent is always on, or starts when it is asked to and stops by itself: when it is done, or after so many
 * seconds.
 */
export type Lifecycle = { readonly kind: "core" } | { readonly kind: "ephemeral"; readonly ttl: number };

export const ON_CHANGE = ["never", "when-idle", "now"] as const;

/** When a running agent is started again after something changed that it reads when it starts. */
export type OnChange = (typeof ON_CHANGE)[number];

export interface ChangePolicy {
  readonly restart: OnChange;
  /** Seconds after which it is started again though it is not idle. */
  readonly deadline: number;
}

/** That an agent runs with what was declared before. */
export interface DeferredRestart {
  readonly restart: OnChange;
  /** Seconds, see ChangePolicy. */
  readonly within: number;
  /** The run that this is about, by systemd's InvocationID. */
  readonly run: string;
  /** UTC, ISO 8601. */
  readonly since: string;
}

/** A time of the week, in UTC, in which the deadman rests. `to` before `from` is on the next day. */
export interface MaintenanceWindow {
  /** The days that it begins on: 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes since midnight. */
  readonly from: number;
  readonly to: number;
}

/**
 * What `up` writes for the deadman about one agent: root-owned JSON in a file of the agent's name. Its unit and where
 * it beats follow from that name, so that nobody who may write one agent's policy has a hand in another's.
 */
export interface Policy {
  readonly heartbeat: Heartbeat;
  readonly restarts: RestartLimit;
  readonly maintenance: readonly MaintenanceWindow[];
  /** Seconds after which it is stopped, where it is not always on. */
  readonly ttl?: number;
  /** There where it has more than one provider to run on. */
  readonly failover?: FailoverPolicy;
}

export const ON_UNHEALTHY = ["restart", "tell"] as const;

/** What the deadman does about a service that is not healthy, besides telling it. */
export type OnUnhealthy = (typeof ON_UNHEALTHY)[number];

/** What `up` writes for the deadman about one service that has a health check. */
export interface ServicePolicy {
  /** Its systemd unit. */
  readonly unit: string;
  readonly health: HealthCheck;
  /** Seconds after each start in which a failed check counts for nothing, unless one succeeded before. */
  readonly grace: number;
  readonly onUnhealthy: OnUnhealthy;
  readonly restarts: RestartLimit;
  readonly maintenance: readonly MaintenanceWindow[];
}

/** `unknown`: no check has told yet. */
export type Verdict = "unknown" | "healthy" | "unhealthy";

/** How the deadman sees one service now. */
export interface WatchedService {
  readonly unit: string;
  readonly health: Verdict;
  /** What the last check told, such as `it answers 200`. */
  readonly detail?: string;
  /** Restarts that count towards quarantine. */
  readonly restarts: number;
  /** Why the deadman leaves it alone. */
  readonly paused?: string;
}

export const BEAT_STATES = ["idle", "busy", "stuck"] as const;

/** What an agent says of itself; docs/schema/heartbeat.schema.json describes the file. */
export type BeatState = (typeof BEAT_STATES)[number];

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

/** One line of a host's history. */
export interface HistoryEvent {
  /** UTC, ISO 8601. */
  readonly time: string;
  readonly event: HistoryKind;
  /** Absent in what is about the whole host. */
  readonly agent?: string;
  /** The job that it is about. */
  readonly job?: string;
  /** There in what is about a service. */
  readonly service?: string;
  /** A sentence without its point. */
  readonly detail?: string;
}

/** How the deadman sees one agent now. */
export interface Watched {
  readonly unit: string;
  readonly by: HeartbeatBy;
  readonly health: "well" | "stale" | "hung" | "down";
  /** Seconds since the last sign of life. */
  readonly age: number;
  /** Restarts that count towards quarantine. */
  readonly restarts: number;
  readonly state?: BeatState;
  readonly task?: string;
  /** What is wrong with its heartbeat. */
  readonly problem?: string;
  /** Why the deadman leaves it alone. */
  readonly paused?: string;
}

/** Why an agent stays down. */
export interface Quarantine {
  /** UTC, ISO 8601. */
  readonly since: string;
  readonly reason: string;
}
