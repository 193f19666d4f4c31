import { rmSync } from "node:fs";
import { type DeferredRestart, ON_CHANGE } from "../../model/deadman.ts";
import { deferredRestartFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { listFolder } from "../system/read-if-present.ts";

/** Records that a unit still runs with its previous configuration, and when it should restart. */
export function deferRestart(host: Host, unit: string, deferred: DeferredRestart): void {
  writeOwn(deferredRestartFile(unit, host.paths.hostd), `${JSON.stringify(deferred)}\n`);
}

/** Deletes the record of a deferred restart; does nothing if there is none. */
export function clearDeferredRestart(host: Host, unit: string): void {
  rmSync(deferredRestartFile(unit, host.paths.hostd), { force: true });
}

/** Reads the record of a unit's deferred restart; undefined if there is none or it is invalid. */
export function readDeferredRestart(host: Host, unit: string): DeferredRestart | undefined {
  try {
    const text = readOwn(deferredRestartFile(unit, host.paths.hostd))?.toString("utf8") ?? "";
    const deferred = JSON.parse(text) as DeferredRestart;
    return ON_CHANGE.includes(deferred.restart) && typeof deferred.run === "string" ? deferred : undefined;
  } catch {
    return undefined;
  }
}

/** Reads all deferred restarts, by unit. */
export function readDeferredRestarts(host: Host): ReadonlyMap<string, DeferredRestart> {
  const units = listFolder(deferredRestartFile("", host.paths.hostd));
  const deferred = units.flatMap((unit): [string, DeferredRestart][] => {
    const restart = readDeferredRestart(host, unit);
    return restart === undefined ? [] : [[unit, restart]];
  });
  return new Map(deferred);
}
