import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import type { Verdict } from "../../model/deadman.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/files.ts";
import type { Providers } from "./provider-health.ts";

/** What the deadman remembers of a service's checks. */
export interface Checks {
  readonly verdict: Verdict;
  /** The run of the unit that was checked: systemd's InvocationID. The next four fields describe it. */
  readonly run: string;
  /** The prober's number of the last answer that was evaluated. */
  readonly count: number;
  /** Whether any check has succeeded in this run. */
  readonly hasPassed: boolean;
  /** How many checks in a row have succeeded. */
  readonly passed: number;
  /** How many checks in a row have failed. */
  readonly failed: number;
  /** When the service was last restarted because it was unhealthy; absent if it never was. */
  readonly actedAt?: number;
}

/** What the deadman remembers of one agent or service. Times are in seconds of the deadman's own clock. */
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
  /** Identifies the last sign of life, to distinguish it from the next one. */
  readonly mark: string;
  /** When the last sign of life was observed. */
  readonly alive: number;
  /**
   * `hung`: the agent was killed because it hung, and has not started again yet. `down`: the end of its run
   * was observed or is expected.
   */
  readonly health: "well" | "stale" | "hung" | "down";
  readonly quarantined: boolean;
  /** Why the agent is paused; empty if it is not. */
  readonly paused: string;
  /** When the agent's deferred restart was first observed; absent if no restart is deferred. */
  readonly owedSince?: number;
  /** Present only for a service. */
  readonly checks?: Checks;
  /**
   * The new provider, and when the change to it was last requested; absent if no change is pending.
   */
  readonly asked?: { readonly to: string; readonly at: number };
  /** Whether it was reported that all of the agent's providers fail. */
  readonly stranded?: boolean;
  /** The last reported problem with the agent's heartbeat, or `stuck`; empty if there is none. */
  readonly told: string;
  /** How many more history lines the agent may write, as computed at `budgetAt`. */
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
  /** Absent if an earlier version saved the memory. */
  readonly providers?: Providers;
}

/** Returns the memory of an agent that has not been observed yet. */
export function newAgent(clock: number): AgentMemory {
  return {
    run: "",
    counted: 0,
    restarts: [],
    mark: "",
    alive: clock,
    health: "well",
    quarantined: false,
    paused: "",
    told: "",
    budget: BUDGET,
    budgetAt: clock,
  };
}

/** The number of history lines that an agent may write at once; every minute, it may write one more. */
export const BUDGET = 60;

/** Parses a saved memory. A truncated memory counts as empty; quarantines are kept in files of their own. */
export function parseMemory(text: string | undefined): Memory {
  try {
    const parsed = JSON.parse(text ?? "") as Memory;
    if (typeof parsed.clock === "number" && typeof parsed.agents === "object") return parsed;
  } catch {
    // The empty memory below treats every agent as new.
  }
  return { clock: 0, boot: "", ended: true, agents: {} };
}

/** Reads the memory that was saved last. */
export function readMemory(host: Host): Memory {
  return parseMemory(readOwn(fileOf(host))?.toString("utf8"));
}

/**
 * Replaces the saved memory by a rename. The temporary file has a fixed name, so that kills leave at most one
 * such file behind.
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
