import { readdirSync, rmSync } from "node:fs";
import { type DeferredRestart, ON_CHANGE } from "../../model/deadman.ts";
import { owedFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/files.ts";
import { hasCode } from "../system/error-reason.ts";

/** Notes that a unit runs with what was declared before, and what becomes of that. */
export function deferRestart(host: Host, unit: string, owed: DeferredRestart): void {
  writeOwn(owedFile(unit, host.paths.hostd), `${JSON.stringify(owed)}\n`);
}

/** Forgets it; that nothing is noted is a success. */
export function clearDeferred(host: Host, unit: string): void {
  rmSync(owedFile(unit, host.paths.hostd), { force: true });
}

/** What a unit is owed; undefined where that is nothing, or cannot be read. */
export function deferredOf(host: Host, unit: string): DeferredRestart | undefined {
  try {
    const owed = JSON.parse(
      readOwn(owedFile(unit, host.paths.hostd))?.toString("utf8") ?? "",
    ) as DeferredRestart;
    return ON_CHANGE.includes(owed.restart) && typeof owed.run === "string" ? owed : undefined;
  } catch {
    return undefined;
  }
}

/** The units that are owed a start, with what. */
export function allDeferred(host: Host): ReadonlyMap<string, DeferredRestart> {
  try {
    const units = readdirSync(owedFile("", host.paths.hostd));
    return new Map(
      units.flatMap((unit) => [deferredOf(host, unit) ?? []].flat().map((owed) => [unit, owed])),
    );
  } catch (error) {
    if (hasCode(error, "ENOENT")) return new Map();
    throw error;
  }
}
