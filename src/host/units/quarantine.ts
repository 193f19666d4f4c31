import { rmSync } from "node:fs";
import type { Quarantine } from "../../model/deadman.ts";
import { quarantineFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/files.ts";
import { listFolder } from "../system/read-if-present.ts";

/** Prevents a unit from starting, even at boot, until the unit is released. */
export function quarantine(host: Host, unit: string, reason: string, now = new Date()): void {
  const quarantine: Quarantine = { since: now.toISOString(), reason };
  writeOwn(quarantineFile(unit, host.paths.hostd), `${JSON.stringify(quarantine)}\n`);
}

/** Releases a unit from quarantine; does nothing if the unit is not in quarantine. */
export function release(host: Host, unit: string): void {
  rmSync(quarantineFile(unit, host.paths.hostd), { force: true });
}

/**
 * Reads why a unit is in quarantine; undefined if it is not. A unit whose quarantine file exists is in
 * quarantine, whatever the file contains.
 */
export function readQuarantine(host: Host, unit: string): Quarantine | undefined {
  const text = readOwn(quarantineFile(unit, host.paths.hostd))?.toString("utf8");
  if (text === undefined) return undefined;
  try {
    const { since, reason } = JSON.parse(text) as Partial<Quarantine>;
    return { since: String(since ?? ""), reason: String(reason ?? "") };
  } catch {
    return { since: "", reason: "" };
  }
}

/** Lists the units in quarantine. */
export function unitsInQuarantine(host: Host): ReadonlySet<string> {
  return new Set(listFolder(quarantineFile("", host.paths.hostd)));
}
