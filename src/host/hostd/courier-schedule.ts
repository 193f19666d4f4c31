import { lstatSync, readdirSync, statSync } from "node:fs";
import { basename } from "node:path";
import { agentRunDir, handoffSignal, ROUTES_FILE } from "../../model/host-paths.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { agentsThatWait, readWaiting } from "../handoff/waiting-file.ts";
import { readRoutes } from "../routing/agent-command-io.ts";
import { queuePath } from "../tasks/open-queue.ts";

/** Seconds between two deliveries for the same agent, so that no agent keeps the host busy. */
const PAUSE = 5;

/** The maximum number of seconds until a failed delivery is repeated. */
const LONGEST = 900;

/** Seconds between two searches for changed queues. The searches find handoffs that no signal has announced. */
const SEARCH = 600;

/** Decides whose handoffs hostd delivers next. */
export interface CourierSchedule {
  /** Returns the agents whose handoffs are due. @param clock seconds of a clock that never jumps */
  due(clock: number): readonly string[];
}

/** Creates a schedule. After a start of hostd, all agents with a queue are due. */
export function courierSchedule(host: Host): CourierSchedule {
  let searched = Number.NEGATIVE_INFINITY;
  const last = new Map<string, number>();
  const seen = new Map<string, string>();
  return {
    due(clock) {
      const hasRested = (agent: string, seconds: number) =>
        clock - (last.get(agent) ?? Number.NEGATIVE_INFINITY) >= seconds;
      const isSearch = clock - searched >= SEARCH;
      if (isSearch) searched = clock;
      const due = new Set([
        ...(isSearch ? changedQueues(host, seen) : []),
        ...agentsThatWait(host).filter((agent) => hasRested(agent, backOff(host, agent))),
        ...agentsWithSignal().filter((agent) => hasRested(agent, PAUSE)),
      ]);
      for (const agent of due) last.set(agent, clock);
      return [...due];
    },
  };
}

/** Returns the seconds until the next attempt. The delay doubles with each failed attempt. */
function backOff(host: Host, agent: string): number {
  const { attempts = 0 } = readWaiting(host, agent) ?? {};
  return Math.min(LONGEST, PAUSE * 2 ** Math.min(attempts, 10));
}

/** Returns the agents whose queue has changed since the last search. @param seen the state of each queue */
function changedQueues(host: Host, seen: Map<string, string>): string[] {
  const accounts = readAccounts(host.paths.etc).users;
  return Object.entries(routedUsers()).flatMap(([user, agent]) => {
    const path = queuePath(accounts.get(user)?.home ?? "/nonexistent");
    const state = ["", "-wal"].map((suffix) => timeOf(`${path}${suffix}`)).join(" ");
    if (state === " " || seen.get(agent) === state) return [];
    seen.set(agent, state);
    return [agent];
  });
}

/** Returns the agent of each user; empty if the host has no routes. */
function routedUsers(): Readonly<Record<string, string>> {
  try {
    return readRoutes(ROUTES_FILE).users;
  } catch {
    return {};
  }
}

function timeOf(path: string): string {
  try {
    return String(statSync(path).mtimeMs);
  } catch {
    return "";
  }
}

function agentsWithSignal(): string[] {
  const prefix = basename(agentRunDir(""));
  return readdirSync("/run").flatMap((name) => {
    const agent = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    return agent !== "" && isThere(handoffSignal(agent)) ? [agent] : [];
  });
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
