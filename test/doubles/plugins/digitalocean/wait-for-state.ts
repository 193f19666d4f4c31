import { setTimeout as sleep } from "node:timers/promises";
import type { Properties } from "../serve/values.ts";
import type { Api } from "./api.ts";

const factor = (variable: string) => Number(process.env[variable] ?? 1);

/**
 * The vendor's delays, in milliseconds: before the first poll, before the first poll of an address's droplet, and
 * between two polls. Tests shorten the delays with the factor STAND_IN_PACE, and the timeouts with STAND_IN_TIMEOUTS.
 */
const [DELAY, EVENT_DELAY, BETWEEN] = [10_000, 3000, 3000].map((ms) => ms * factor("STAND_IN_PACE")) as [
  number,
  number,
  number,
];

export interface Wait {
  readonly target: string;
  readonly pending: readonly string[];
  /** In seconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Milliseconds before the first poll. */
  readonly delay?: number;
  /** @returns undefined while the state is unknown */
  poll(): Promise<string | undefined>;
}

/** The shorter delay with which the vendor waits until a droplet has no other event. */
export const FOR_EVENTS = { delay: EVENT_DELAY };

/**
 * Waits until a state is reached. As in the vendor's plugin, the first poll comes late, and a wait ends as soon as the
 * engine is gone. The errors have the words of Terraform (helper/retry, StateChangeConf).
 */
export async function waitFor({ target, pending, timeout, signal, delay, poll }: Wait): Promise<void> {
  const end = Date.now() + timeout * 1000 * factor("STAND_IN_TIMEOUTS");
  for (let pause = delay ?? DELAY; ; pause = BETWEEN) {
    await pauseFor(Math.min(pause, end - Date.now()), signal);
    if (Date.now() >= end) throw new Error("context deadline exceeded");
    const state = await poll();
    if (state === target) return;
    if (state !== undefined && !pending.includes(state)) {
      throw new Error(`unexpected state '${state}', wanted target '${target}'. last error: %!s(<nil>)`);
    }
  }
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new Error("context canceled");
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => {
    throw new Error("context canceled");
  });
}

/** Waits until an action of the API is completed. */
export function waitForAction(
  api: Api,
  action: Properties,
  signal: AbortSignal,
  timeout = 3600,
): Promise<void> {
  return waitFor({
    target: "completed",
    pending: ["new", "in-progress"],
    timeout,
    signal,
    poll: async () => {
      const { action: now } = await api.get(`/v2/actions/${action["id"]}`);
      return String((now as Properties)["status"]);
    },
  });
}
