import { renameSync } from "node:fs";
import { basename } from "node:path";
import type { MaintenanceWindow } from "../../model/deadman.ts";
import { holdFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { listFolder } from "../system/read-if-present.ts";
import type { WatchedUnit } from "../units/policies.ts";

/** Returns why an agent or service is held; empty if it is not held. */
export type Holds = (watched: WatchedUnit) => string;

/**
 * Reads which holds are in effect. The file `hold` holds the entire host, and `hold-NAME` holds one agent or service.
 * The deadman does not act on a held agent or service. A maintenance window holds its agent or service too.
 */
export function readHolds(host: Host, now = new Date()): Holds {
  const files = new Set(listFolder(host.paths.hostd).map((name) => renameFormerHold(host, name)));
  return ({ agent, maintenance }) => {
    const paths = [holdFile(undefined, host.paths.hostd), holdFile(agent, host.paths.hostd)];
    const hold = paths.find((path) => files.has(basename(path)));
    if (hold !== undefined) return `held by ${hold}`;
    return isMaintenance(maintenance, now) ? "in its maintenance window" : "";
  };
}

/**
 * Renames a hold that was created under the name of version 0.1: `pause`, or `pause-NAME`. The former hold replaces a
 * current hold with the same meaning.
 *
 * @returns the current name of the file; every other name is unchanged
 */
function renameFormerHold({ paths }: Host, name: string): string {
  if (!/^pause(-|$)/.test(name)) return name;
  const current = name.replace(/^pause/, "hold");
  try {
    renameSync(`${paths.hostd}/${name}`, `${paths.hostd}/${current}`);
  } catch {
    // Somebody has deleted the file in the meantime, or the path is a folder, which is not a hold.
    return name;
  }
  return current;
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
