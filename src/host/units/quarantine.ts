import { rmSync } from "node:fs";
import type { Pause, Quarantine } from "../../model/deadman.ts";
import { quarantineFile } from "../../model/host-paths.ts";
import type { Park } from "../../model/limits.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { listFolder } from "../system/read-if-present.ts";

/**
 * The content of the file that keeps a unit stopped: a quarantine or, if `pausedBy` is present, a pause. A pause has a
 * reason too, because an earlier version of the deadman reads a pause as a quarantine.
 */
interface StopFile extends Quarantine {
  readonly pausedBy?: string;
  /** Present if the deadman has paused the agent because of a limit of its account. */
  readonly park?: Park;
}

/** Prevents a unit from starting, even at boot, until the unit is released. */
export function quarantine(host: Host, unit: string, reason: string, now = new Date()): void {
  writeStopFile(host, unit, { since: now.toISOString(), reason });
}

/** Writes the file that keeps a unit stopped; replaces the existing file. */
export function writeStopFile(host: Host, unit: string, file: StopFile): void {
  writeOwn(quarantineFile(unit, host.paths.hostd), `${JSON.stringify(file)}\n`);
}

/** Releases a unit from quarantine, and ends its pause; does nothing if neither exists. */
export function release(host: Host, unit: string): void {
  rmSync(quarantineFile(unit, host.paths.hostd), { force: true });
}

/**
 * Reads why a unit is in quarantine; undefined if it is not in quarantine. A unit with an invalid file is in
 * quarantine.
 */
export function readQuarantine(host: Host, unit: string): Quarantine | undefined {
  const file = readStopFile(host, unit);
  return file === undefined || file.pausedBy !== undefined
    ? undefined
    : { since: file.since, reason: file.reason };
}

/** Reads who has paused a unit; undefined if it is not paused. */
export function readPause(host: Host, unit: string): Pause | undefined {
  const { since, reason, pausedBy, park } = readStopFile(host, unit) ?? {};
  if (since === undefined || pausedBy === undefined) return undefined;
  return { since, by: pausedBy, ...(park && { park, ...(reason !== undefined && { reason }) }) };
}

function readStopFile(host: Host, unit: string): StopFile | undefined {
  const text = readOwn(quarantineFile(unit, host.paths.hostd))?.toString("utf8");
  if (text === undefined) return undefined;
  try {
    const { since, reason, pausedBy, park } = JSON.parse(text) as Partial<StopFile>;
    const why = { since: String(since ?? ""), reason: String(reason ?? "") };
    return pausedBy === undefined ? why : { ...why, pausedBy: String(pausedBy), ...(park && { park }) };
  } catch {
    return { since: "", reason: "" };
  }
}

/** Lists the units that are in quarantine or paused. */
export function unitsKeptStopped(host: Host): ReadonlySet<string> {
  return new Set(listFolder(quarantineFile("", host.paths.hostd)));
}
