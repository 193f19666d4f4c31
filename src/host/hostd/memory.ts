import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import type { Verdict } from "../../model/deadman.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/files.ts";
import type { Providers } from "./provider-health.ts";

/** What the deadman remembers of a service's checks. */
export interface Checks {
  readonly verdict: Verdict;
  /** The unit's run that the following fields are about. */
  readonly run: string;
  /** The number of the last answer that was counted. */
  readonly count: number;
  /** Whether any check has succeeded in this run. */
  readonly hasPassed: boolean;
  /** How many checks in a row have succeeded. */
  readonly passed: number;
  /** How many checks in a row have failed. */
  readonly failed: number;
  /** When the service was last restarted because of failed checks. */
  readonly actedAt?: number;
}

/** What the deadman remembers of one agent. Times are seconds of its own clock. */
export interface AgentMemory {
  /** The unit's run at the last observation: systemd's InvocationID. */
  readonly run: string;
  /** systemd's count of restarts at the last observation. */
  readonly counted: number;
  /** The count when this run was first observed: systemd counts a restart a moment before the run begins. */
  readonly countedAtRun?: number;
  /** When each recent restart was observed. */
  readonly restarts: readonly number[];
  /** Identifies the last sign of life, to distinguish it from the next one. */
  readonly mark: string;
  /** When the last sign of life was observed. */
  readonly alive: number;
  /**
   * `hung`: it was killed because it hung, and is not back yet. `down`: its end was observed or is expected.
   */
  readonly health: "well" | "stale" | "hung" | "down";
  readonly quarantined: boolean;
  /** Why it is paused; empty if it is not. */
  readonly paused: string;
  /** When its deferred restart was first observed. */
  readonly owedSince?: number;
  /** Present only for a service. */
  readonly checks?: Checks;
  /**
   * A change of provider that has not happened yet: the new provider, and when the change was last requested.
   */
  readonly asked?: { readonly to: string; readonly at: number };
  /** Whether it was reported that all of its providers fail. */
  readonly stranded?: boolean;
  /** What was last reported of its heartbeat: a problem, or that the agent is stuck. */
  readonly told: string;
  /** How many more history lines it may have now, as computed at `budgetAt`. */
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
  /** Missing if an earlier version saved the memory. */
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

/** The number of history lines that an agent may write at once; it gets one more every minute. */
export const BUDGET = 60;

/** Parses a saved memory. A truncated one counts as empty; quarantines survive that in their own files. */
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

/** Replaces the saved memory by a rename. The temporary file has a fixed name, so kills leave at most one. */
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
