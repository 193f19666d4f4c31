import { existsSync, lstatSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { agentRunDir, handoffSignal, ROUTES_FILE } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { agentsThatWait, readWaiting } from "../handoff/waiting-file.ts";

/** Seconds between two deliveries for the same agent, so that no agent keeps the host busy. */
const PAUSE = 5;

/** The maximum number of seconds until a failed delivery is repeated. */
const LONGEST = 900;

/** Seconds between two searches in the queues of all agents, for handoffs that no signal has announced. */
const SEARCH = 600;

/** Decides whose handoffs hostd delivers next. */
export interface CourierSchedule {
  /**
   * Returns the agents whose handoffs are due. ALL_AGENTS stands for all agents.
   *
   * @param clock seconds of a clock that never jumps
   */
  due(clock: number): readonly string[];
}

export const ALL_AGENTS = "";

/** Creates a schedule. After a start of hostd, all agents are due. */
export function courierSchedule(host: Host): CourierSchedule {
  let searched = Number.NEGATIVE_INFINITY;
  const last = new Map<string, number>();
  return {
    due(clock) {
      if (!existsSync(ROUTES_FILE)) return [];
      if (clock - searched >= SEARCH) {
        searched = clock;
        return [ALL_AGENTS];
      }
      const waiting = agentsThatWait(host).filter(
        (agent) => clock - (last.get(agent) ?? 0) >= backOff(readWaiting(host, agent)?.attempts ?? 0),
      );
      const signalled = agentsWithSignal().filter((agent) => clock - (last.get(agent) ?? 0) >= PAUSE);
      const due = [...new Set([...waiting, ...signalled])];
      for (const agent of due) last.set(agent, clock);
      return due;
    },
  };
}

/** Returns the seconds until the next attempt. They double with each failed attempt. */
function backOff(attempts: number): number {
  return Math.min(LONGEST, PAUSE * 2 ** Math.min(attempts, 10));
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
