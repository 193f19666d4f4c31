import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import type { HeartbeatState, Verdict } from "../../model/deadman.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/state-files.ts";
import type { LimitsMemory } from "./limits-memory.ts";
import type { Providers } from "./provider-health.ts";

/** The deadman's saved state for the checks of a service. */
export interface Checks {
  readonly verdict: Verdict;
  /** The run of the unit that was checked: systemd's InvocationID. The next four fields describe this run. */
  readonly run: string;
  /** The prober's number of the last result that was evaluated. */
  readonly count: number;
  /** Whether at least one check has succeeded in this run. */
  readonly hasPassed: boolean;
  /** The number of consecutive checks that have succeeded. */
  readonly passed: number;
  /** The number of consecutive checks that have failed. */
  readonly failed: number;
  /**
   * When the service was last restarted because it was unhealthy; absent if the service has never been restarted for
   * this reason.
   */
  readonly actedAt?: number;
}

/** The deadman's saved state for the times of a run's heartbeats. */
export interface Rhythm {
  /** When the last heartbeat was observed, in seconds of the deadman's own clock. */
  readonly at: number;
  /**
   * The number of consecutive heartbeats that reported `idle`, each at most two intervals after the previous heartbeat.
   */
  readonly idle: number;
  /**
   * Whether a timer sends the heartbeats. A timer is assumed if the agent sends heartbeats regularly while it is idle.
   */
  readonly isTimed: boolean;
  /** The state in the last heartbeat; absent if it had none, or if an earlier version of Muster saved the state. */
  readonly state?: HeartbeatState;
  /** When the agent first reported this state without reporting another state since then. */
  readonly since?: number;
}

/** The deadman's saved state for the conversation of an agent. */
export interface ConversationMemory {
  /** The run to which `isRead` and `identity` belong: systemd's InvocationID. */
  readonly run: string;
  /** Whether it is known in which conversation this run has started. */
  readonly isRead: boolean;
  /** Whether this was known for any run so far. */
  readonly hasBegun?: true;
  /** The digest of the identity that the conversation has; absent if it is not known. */
  readonly identity?: string;
  /** The conversation whose loss was reported last; `-` if its ID was not known. Absent after a continued conversation. */
  readonly lost?: string;
}

/** The deadman's saved state for one agent or service. Times are in seconds of the deadman's own clock. */
export interface AgentMemory {
  /** The unit's run at the last observation: systemd's InvocationID. */
  readonly run: string;
  /** systemd's count of restarts at the last observation. */
  readonly counted: number;
  /**
   * systemd's count of restarts when this run was first observed; absent until a run is observed. systemd
   * counts a restart a moment before the new run begins.
   */
  readonly countedAtRun?: number;
  /** When each recent restart was observed. */
  readonly restarts: readonly number[];
  /** Identifies the last heartbeat, so that the deadman recognizes a new heartbeat. */
  readonly mark: string;
  /** When the agent last showed that it is alive. */
  readonly alive: number;
  /** Absent until this run's first heartbeat. */
  readonly rhythm?: Rhythm;
  /**
   * `hung`: the agent was killed because it hung, and has not restarted yet. `down`: the end of its run was observed or
   * is expected.
   */
  readonly health: "well" | "stale" | "hung" | "down";
  readonly quarantined: boolean;
  /** Why the agent is held; empty if the agent is not held. Absent in the saved state of an earlier version. */
  readonly held?: string;
  /** When a requested pause was first observed; absent if no pause is pending. */
  readonly pausingSince?: number;
  /** When the agent's deferred restart was first observed; absent if no restart is deferred. */
  readonly owedSince?: number;
  /** Present only for a service. */
  readonly checks?: Checks;
  /** The new provider, and when the change to this provider was last requested; absent if no change is pending. */
  readonly asked?: { readonly to: string; readonly at: number };
  /** Whether it was reported that all of the agent's providers fail. */
  readonly stranded?: boolean;
  /** When it was first noticed that the agent must be parked; absent if it does not have to be parked. */
  readonly parkingSince?: number;
  /** The account whose limit has parked the agent; absent if the agent is not parked. */
  readonly parkedBy?: string;
  /**
   * The accounts whose earlier limits do not park the agent, because it was started in spite of them. The times are in
   * milliseconds since 1970.
   */
  readonly excused?: Readonly<Record<string, number>>;
  /** When a rate limit was last reported, and the time of this limit in milliseconds since 1970. */
  readonly ratedAt?: number;
  readonly ratedUntil?: number;
  /** The last reported problem with the agent's heartbeat, or `stuck`; empty if there is none. */
  readonly told: string;
  /** The question of the dialog that was last reported; absent if the agent waits for none. */
  readonly question?: string;
  /** Absent for a service, and until the agent was first observed while it was up. */
  readonly conversation?: ConversationMemory;
  /** The number of the last lost turn that was reported; absent if none was reported. */
  readonly lostTurn?: number;
  /** The number of history lines that can still be written about the agent, as computed at `budgetAt`. */
  readonly budget: number;
  readonly budgetAt: number;
}

export interface Memory {
  /** The deadman's own clock in seconds; see `advance`. */
  readonly clock: number;
  /** The ID of the boot in which systemd's counts were observed. */
  readonly boot: string;
  /** Whether the deadman ended because systemd had stopped it. */
  readonly ended: boolean;
  readonly agents: Readonly<Record<string, AgentMemory>>;
  /** Absent if an earlier version of Muster saved the state. */
  readonly providers?: Providers;
  /** Absent if nothing is known about limits. */
  readonly limits?: LimitsMemory;
}

/** Returns the initial state of an agent that has not been observed yet. */
export function newAgent(clock: number): AgentMemory {
  return {
    run: "",
    counted: 0,
    restarts: [],
    mark: "",
    alive: clock,
    health: "well",
    quarantined: false,
    held: "",
    told: "",
    budget: BUDGET,
    budgetAt: clock,
  };
}

/**
 * The maximum of `budget`: the number of history lines that can be written about an agent at one time. Every
 * minute, one more line can be written, up to this maximum.
 */
export const BUDGET = 60;

/**
 * Parses the saved state. A truncated state counts as empty. Quarantines are not affected, because each quarantine has
 * a separate file.
 */
export function parseMemory(text: string | undefined): Memory {
  try {
    const parsed = JSON.parse(text ?? "") as Memory;
    if (typeof parsed.clock === "number" && typeof parsed.agents === "object") return parsed;
  } catch {
    // The empty state below treats every agent as new.
  }
  return { clock: 0, boot: "", ended: true, agents: {} };
}

/** Reads the state that was saved last. */
export function readMemory(host: Host): Memory {
  return parseMemory(readOwn(fileOf(host))?.toString("utf8"));
}

/**
 * Replaces the saved state by a rename. The temporary file has a fixed name, so that killed runs leave at most one
 * temporary file.
 */
export function writeMemory(host: Host, memory: Memory): void {
  const file = fileOf(host);
  mkdirSync(host.paths.hostd, { recursive: true, mode: 0o711 });
  const fd = openSync(`${file}.new`, "w", 0o600);
  try {
    writeFileSync(fd, `${JSON.stringify(memory)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${file}.new`, file);
}

function fileOf(host: Host): string {
  return `${host.paths.hostd}/memory.json`;
}
