import { rmSync } from "node:fs";
import { handoffFolder } from "../../model/host-paths.ts";
import type { FailedHandoffs } from "../../model/protocol.ts";
import { shown } from "../../model/shorten-for-display.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { listFolder } from "../system/read-if-present.ts";
import type { WaitingHandoffs } from "./handoff-store.ts";

/** Saves the state of an agent's undelivered handoffs. Removes the file if no handoff waits. */
export function saveWaiting(host: Host, agent: string, waiting: WaitingHandoffs): void {
  const file = fileOf(host, agent);
  if (waiting.waiting === 0) rmSync(file, { force: true });
  else writeOwn(file, JSON.stringify(waiting));
}

/** Returns the state of an agent's undelivered handoffs; undefined if no handoff waits. */
export function readWaiting(host: Host, agent: string): WaitingHandoffs | undefined {
  try {
    const text = readOwn(fileOf(host, agent))?.toString("utf8");
    return text === undefined ? undefined : (JSON.parse(text) as WaitingHandoffs);
  } catch {
    return undefined;
  }
}

/** Returns the handoffs that hostd could not deliver for an agent; undefined if no attempt has failed. */
export function readFailedHandoffs(host: Host, agent: string | undefined): FailedHandoffs | undefined {
  const { waiting = 0, since, error } = (agent === undefined ? undefined : readWaiting(host, agent)) ?? {};
  if (!since || !error) return undefined;
  return { waiting, since: shown(since), error: shown(error) };
}

/** Returns the agents with handoffs that have not been delivered. */
export function agentsThatWait(host: Host): string[] {
  return listFolder(handoffFolder(host.paths.hostd)).flatMap(
    (name) => /^([a-z0-9-]+)\.json$/.exec(name)?.[1] ?? [],
  );
}

function fileOf(host: Host, agent: string): string {
  return `${handoffFolder(host.paths.hostd)}/${agent}.json`;
}
