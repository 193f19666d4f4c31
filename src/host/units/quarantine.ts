import { readdirSync, rmSync } from "node:fs";
import type { Quarantine } from "../../model/deadman.ts";
import { quarantineFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/files.ts";
import { hasCode } from "../system/error-reason.ts";

/** Keeps a unit down, over reboots too, until it is released. */
export function quarantine(host: Host, unit: string, reason: string, now = new Date()): void {
  const quarantine: Quarantine = { since: now.toISOString(), reason };
  writeOwn(quarantineFile(unit, host.paths.hostd), `${JSON.stringify(quarantine)}\n`);
}

/** Frees a unit; one that is free already is a success. */
export function release(host: Host, unit: string): void {
  rmSync(quarantineFile(unit, host.paths.hostd), { force: true });
}

/** Why a unit stays down; undefined where it is free. The file decides, whatever it says. */
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

/** The units in quarantine. */
export function unitsInQuarantine(host: Host): ReadonlySet<string> {
  try {
    return new Set(readdirSync(quarantineFile("", host.paths.hostd)));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return new Set();
    throw error;
  }
}
