import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import type { Verdict } from "../../model/deadman.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/files.ts";
import type { Providers } from "./provider-health.ts";

/** What the deadman remembers of a service's checks. */
export interface Checks {
  readonly verdict: Verdict;
  /** The unit's run that what follows is of. */
  readonly run: string;
  /** The number of the last answer that was judged. */
  readonly count: number;
  /** Whether one succeeded in this run. */
  readonly hasPassed: boolean;
  /** How many succeeded, or failed, in a row. */
  readonly passed: number;
  readonly failed: number;
  /** When it was last started again for them. */
  readonly actedAt?: number;
}

/** What the deadman remembers of one agent. Times are seconds of its own clock. */
export interface AgentMemory {
  /** The unit's run that was seen last, by systemd's InvocationID. */
  readonly run: string;
  /** systemd's count of restarts, as it was seen last. */
  readonly counted: number;
  /** The same, as it was when this run was first seen: systemd counts a restart a moment before it begins the run. */
  readonly countedAtRun?: number;
  /** When each restart of late was seen. */
  readonly restarts: readonly number[];
  /** What tells the last sign of life from the next. */
  readonly mark: string;
  /** When that came. */
  readonly alive: number;
  /** `hung`: it was stopped for it, and is not back yet. `down`: its end was seen. */
  readonly health: "well" | "stale" | "hung" | "down";
  readonly quarantined: boolean;
  /** Why it is left alone; empty where it is not. */
  readonly paused: string;
  /** When it was first seen to run with what was declared before. */
  readonly owedSince?: number;
  /** There for a service. */
  readonly checks?: Checks;
  /** The provider that it was to change to last, and when, while that has not come about. */
  readonly asked?: { readonly to: string; readonly at: number };
  /** That it was told that all of its providers fail. */
  readonly stranded?: boolean;
  /** What was last told of its beats: a problem, or that it is stuck. */
  readonly told: string;
  /** How many more lines of history it may have now, and when that was reckoned. */
  readonly budget: number;
  readonly budgetAt: number;
}

export interface Memory {
  /** Seconds, see `advance`. */
  readonly clock: number;
  /** The boot in which systemd's counts were seen. */
  readonly boot: string;
  /** Whether the deadman ended because it was told to. */
  readonly ended: boolean;
  readonly agents: Readonly<Record<string, AgentMemory>>;
  /** Left out by a deadman that knew of none. */
  readonly providers?: Providers;
}

/** What is known of an agent that was never seen. */
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

/** The memory as it was written, or an empty one where that is torn: quarantines have files of their own. */
export function parseMemory(text: string | undefined): Memory {
  try {
    const parsed = JSON.parse(text ?? "") as Memory;
    if (typeof parsed.clock === "number" && typeof parsed.agents === "object") return parsed;
  } catch {
    // Told by what follows: everybody is new.
  }
  return { clock: 0, boot: "", ended: true, agents: {} };
}

/** The memory as the deadman before left it. */
export function readMemory(host: Host): Memory {
  return parseMemory(readOwn(fileOf(host))?.toString("utf8"));
}

/** Replaces the memory by rename. The new one has a fixed name, so that one that was killed leaves no litter. */
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
