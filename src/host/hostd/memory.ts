import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import type { Verdict } from "../../model/deadman.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/files.ts";
import type { Providers } from "./provider-health.ts";

/** What is remembered of a service's checks. */
export interface Checks {
  readonly verdict: Verdict;
  /** The unit's run that the following fields are about. */
  readonly run: string;
  /** The number of the last answer that was counted. */
  readonly count: number;
  /** Whether one succeeded in this run. */
  readonly hasPassed: boolean;
  /** How many succeeded, or failed, in a row. */
  readonly passed: number;
  readonly failed: number;
  /** When it was last restarted because of them. */
  readonly actedAt?: number;
}

/** What the deadman remembers of one agent. Times are seconds of its own clock. */
export interface AgentMemory {
  /** The unit's run that was observed last, by systemd's InvocationID. */
  readonly run: string;
  /** systemd's count of restarts, as observed last. */
  readonly counted: number;
  /** The same when this run was first observed: systemd counts a restart a moment before the run begins. */
  readonly countedAtRun?: number;
  /** When each recent restart was observed. */
  readonly restarts: readonly number[];
  /** What distinguishes the last sign of life from the next. */
  readonly mark: string;
  /** When that came. */
  readonly alive: number;
  /** `hung`: it was killed for that, and is not back yet. `down`: its end was observed. */
  readonly health: "well" | "stale" | "hung" | "down";
  readonly quarantined: boolean;
  /** Why it is paused; empty if it is not. */
  readonly paused: string;
  /** When its deferred restart was first observed. */
  readonly owedSince?: number;
  /** Present for a service. */
  readonly checks?: Checks;
  /** The provider that it was last told to change to, and when, while that has not happened. */
  readonly asked?: { readonly to: string; readonly at: number };
  /** It was reported that all of its providers fail. */
  readonly stranded?: boolean;
  /** What was last reported of its heartbeats: a problem, or that it is stuck. */
  readonly told: string;
  /** How many more lines of history it may have now, and when that was computed. */
  readonly budget: number;
  readonly budgetAt: number;
}

export interface Memory {
  /** Seconds, see `advance`. */
  readonly clock: number;
  /** The boot in which systemd's counts were observed. */
  readonly boot: string;
  /** Whether the deadman ended because it was told to. */
  readonly ended: boolean;
  readonly agents: Readonly<Record<string, AgentMemory>>;
  /** Left out by an earlier version. */
  readonly providers?: Providers;
}

/** The memory of an agent that has not been observed yet. */
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

/** Lines of history that an agent may have at once; it gets another every minute. */
export const BUDGET = 60;

/** The memory as it was saved, or an empty one if that is truncated: quarantines have files of their own. */
export function parseMemory(text: string | undefined): Memory {
  try {
    const parsed = JSON.parse(text ?? "") as Memory;
    if (typeof parsed.clock === "number" && typeof parsed.agents === "object") return parsed;
  } catch {
    // Handled below: every agent is new.
  }
  return { clock: 0, boot: "", ended: true, agents: {} };
}

/** The memory as it was saved last. */
export function readMemory(host: Host): Memory {
  return parseMemory(readOwn(fileOf(host))?.toString("utf8"));
}

/** Replaces the memory by rename. The temporary file has a fixed name, so a kill leaves at most one. */
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
