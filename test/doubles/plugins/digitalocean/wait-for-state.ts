import { setTimeout as sleep } from "node:timers/promises";
import type { Properties } from "../serve/values.ts";
import type { Api } from "./api.ts";

/** Milliseconds between two polls. The vendor's plugin waits 10 s before the first and 3 s between them. */
const PACE = 100;

export interface Wait {
  readonly target: string;
  readonly pending: readonly string[];
  /** Seconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** @returns undefined while the state is unknown */
  poll(): Promise<string | undefined>;
}

/** Waits for a state. Its errors have Terraform's words (helper/retry, StateChangeConf). */
export async function waitFor({ target, pending, timeout, signal, poll }: Wait): Promise<void> {
  const end = Date.now() + timeout * 1000;
  for (let last = ""; ; await sleep(PACE)) {
    if (signal.aborted) throw new Error("context canceled");
    const state = await poll();
    if (state === target) return;
    if (state !== undefined && !pending.includes(state)) {
      throw new Error(`unexpected state '${state}', wanted target '${target}'. last error: %!s(<nil>)`);
    }
    last = state ?? last;
    if (Date.now() > end) {
      const was = last === "" ? "" : `last state: '${last}', `;
      throw new Error(
        `timeout while waiting for state to become '${target}' (${was}timeout: ${goDuration(timeout)})`,
      );
    }
  }
}

/** Waits for an action of the API. */
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

/** Seconds in Go's format. */
function goDuration(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}
