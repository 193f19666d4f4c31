import { basename } from "node:path";
import type { MaintenanceWindow } from "../../model/deadman.ts";
import { pauseFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { listFolder } from "../system/read-if-present.ts";
import type { WatchedUnit } from "../units/policies.ts";

/** Returns why an agent or service is paused; empty if it is not. */
export type Pauses = (watched: WatchedUnit) => string;

/**
 * Reads which pauses are in effect. The file `pause` pauses the whole host, and `pause-NAME` pauses one agent
 * or service. A maintenance window pauses its agent or service too.
 */
export function readPauses(host: Host, now = new Date()): Pauses {
  const files = new Set(listFolder(host.paths.hostd));
  return ({ agent, maintenance }) => {
    const held = [pauseFile(undefined, host.paths.hostd), pauseFile(agent, host.paths.hostd)];
    const pause = held.find((path) => files.has(basename(path)));
    if (pause !== undefined) return `paused by ${pause}`;
    return isMaintenance(maintenance, now) ? "in its maintenance window" : "";
  };
}

const DAY = 24 * 60;

/**
 * Whether one of the windows is open.
 *
 * @param now the time of the wall clock; all other decisions use the deadman's own clock
 */
export function isMaintenance(windows: readonly MaintenanceWindow[], now: Date): boolean {
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  const today = now.getUTCDay();
  const yesterday = (today + 6) % 7;
  return windows.some(({ days, from, to }) => {
    const end = to > from ? to : to + DAY;
    const isIn = (at: number) => at >= from && at < end;
    return (days.includes(today) && isIn(minute)) || (days.includes(yesterday) && isIn(minute + DAY));
  });
}
