import { execFile } from "node:child_process";
import { setPriority } from "node:os";
import type { Usage } from "../../model/usage.ts";
import type { Host } from "../context.ts";
import { paneQuietFor } from "../units/tmux-pane.ts";
import type { Evidence } from "../usage/agent-usage-state.ts";
import { readUsageSummary, type UsageSummary } from "../usage/usage-store.ts";

/** Seconds between two runs for an agent that has written to its terminal. */
const ACTIVE = 15;

/** Seconds between two runs for a silent agent. Its jobs can use a model too. */
const SILENT = 120;

/** Seconds after which a run is killed. */
const PATIENCE = 60;

/** The maximum memory of a run in megabytes. */
const MEMORY = 256;

/** The name, the user and the main process of an agent; the process is 0 if the agent does not run. */
export interface UsageAgent {
  readonly name: string;
  readonly user: string;
  readonly pid: number;
}

/** Reads the usage of the agents of a host, and keeps what the deadman needs of it. */
export interface UsageWatch {
  /** Starts a run if one is due. @param now seconds of the monotonic clock */
  poll(agents: readonly UsageAgent[], now: number): void;
  evidenceOf(agent: string): Evidence | undefined;
  /** Returns the usage of all agents in the current month. */
  month(): readonly Usage[];
}

/** Starts the program that reads the usage. @returns whether the run has succeeded */
export type RunUsage = (host: Host, words: readonly string[]) => Promise<boolean>;

/** @param run if absent, only what earlier runs have read is known */
export function newUsageWatch(host: Host, run: RunUsage = async () => true): UsageWatch {
  const summaries = new Map<string, UsageSummary>();
  const readAt = new Map<string, number>();
  /** The agents whose last run has failed. Each of them gets a run of its own, so that it stops no other agent. */
  const suspects = new Set<string>();
  let isRunning = false;
  const note = (names: readonly string[]) => {
    for (const name of names) {
      const summary = readUsageSummary(host, name);
      if (summary !== undefined) summaries.set(name, summary);
    }
  };
  return {
    poll: (agents, now) => {
      for (const { name } of agents) if (!readAt.has(name)) note([name]);
      if (isRunning) return;
      const due = agents.filter((one) => isDue(one, readAt.get(one.name), now, suspects.has(one.name)));
      const alone = due.find(({ name }) => suspects.has(name));
      const trusted = due.filter(({ name }) => !suspects.has(name));
      const batch = trusted.length > 0 || alone === undefined ? trusted : [alone];
      if (batch.length === 0) return;
      const names = batch.map(({ name }) => name);
      for (const name of names) readAt.set(name, now);
      isRunning = true;
      void run(
        host,
        batch.flatMap(({ name, user }) => [name, user]),
      ).then((isDone) => {
        for (const name of names) {
          if (isDone) suspects.delete(name);
          else suspects.add(name);
        }
        note(names);
        isRunning = false;
      });
    },
    evidenceOf: (agent) => summaries.get(agent)?.evidence,
    month: () => [...summaries.values()].flatMap(({ month }) => month),
  };
}

function isDue({ pid }: UsageAgent, last: number | undefined, now: number, isSuspect: boolean): boolean {
  if (last === undefined) return true;
  const since = now - last;
  if (since < ACTIVE || isSuspect) return since >= SILENT;
  return since >= SILENT || (pid !== 0 && paneQuietFor(pid) <= since);
}

/** Reads the usage in a process of its own, with a low priority. */
export const readUsageInProcess: RunUsage = (host, words) => {
  const args = [`--max-old-space-size=${MEMORY}`, "--no-warnings", host.program, "usage", ...words];
  const options = { timeout: PATIENCE * 1000, killSignal: "SIGKILL", maxBuffer: 1024 * 1024 } as const;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, options, (error, _, stderr) => {
      if (stderr !== "") process.stderr.write(stderr);
      resolve(error === null);
    });
    try {
      if (child.pid !== undefined) setPriority(child.pid, 10);
    } catch {
      // The process has already ended.
    }
  });
};
