import { rmSync } from "node:fs";
import type { PendingPause } from "../../model/deadman.ts";
import { pendingPauseFile } from "../../model/host-paths.ts";
import type { Park } from "../../model/limits.ts";
import { shown } from "../../model/shorten-for-display.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { listFolder } from "../system/read-if-present.ts";
import { writeStopFile } from "./quarantine.ts";

/**
 * Prevents every start of a unit until a person resumes the unit: also at boot, by `up` and by the deadman. The caller
 * stops the unit afterwards. The pause replaces a quarantine and a pending pause.
 */
export function pauseUnit(host: Host, unit: string, requester: string, now = new Date()): void {
  const by = shown(requester);
  writeStopFile(host, unit, { since: now.toISOString(), reason: `paused by ${by}`, pausedBy: by });
  clearPendingPause(host, unit);
}

/** The name of the deadman where other pauses have the name of a person. */
const DEADMAN = "the deadman";

/**
 * Pauses a unit because of a limit of its agent's account. In every way, the pause is like that of a person, but the
 * deadman ends it.
 */
export function parkUnit(host: Host, unit: string, park: Park, reason: string, now = new Date()): void {
  writeStopFile(host, unit, { since: now.toISOString(), reason, pausedBy: DEADMAN, park });
  clearPendingPause(host, unit);
}

/** Records that the deadman pauses a unit when the unit is idle. */
export function deferPause(host: Host, unit: string, pending: PendingPause): void {
  writeOwn(pendingPauseFile(unit, host.paths.hostd), `${JSON.stringify(pending)}\n`);
}

/** Deletes the record of a pending pause; does nothing if there is none. */
export function clearPendingPause(host: Host, unit: string): void {
  rmSync(pendingPauseFile(unit, host.paths.hostd), { force: true });
}

/** Reads the pending pause of a unit; undefined if there is none or its record is invalid. */
export function readPendingPause(host: Host, unit: string): PendingPause | undefined {
  try {
    const text = readOwn(pendingPauseFile(unit, host.paths.hostd))?.toString("utf8") ?? "";
    const { since, by, within } = JSON.parse(text) as PendingPause;
    return typeof within === "number" ? { since: String(since), by: String(by), within } : undefined;
  } catch {
    return undefined;
  }
}

/** Reads all pending pauses, by unit. */
export function readPendingPauses(host: Host): ReadonlyMap<string, PendingPause> {
  const units = listFolder(pendingPauseFile("", host.paths.hostd));
  return new Map(
    units.flatMap((unit): [string, PendingPause][] => {
      const pending = readPendingPause(host, unit);
      return pending === undefined ? [] : [[unit, pending]];
    }),
  );
}
