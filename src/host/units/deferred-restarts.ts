import { rmSync } from "node:fs";
import { type DeferredRestart, ON_CHANGE } from "../../model/deadman.ts";
import { owedFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/files.ts";
import { listFolder } from "../system/read-if-present.ts";

/** Notes that a unit still runs with its previous configuration, and when it restarts. */
export function deferRestart(host: Host, unit: string, deferred: DeferredRestart): void {
  writeOwn(owedFile(unit, host.paths.hostd), `${JSON.stringify(deferred)}\n`);
}

/** Deletes the note of a deferred restart; does nothing if there is none. */
export function clearDeferredRestart(host: Host, unit: string): void {
  rmSync(owedFile(unit, host.paths.hostd), { force: true });
}

/** The deferred restart of a unit; undefined if there is none, or its note is invalid. */
export function readDeferredRestart(host: Host, unit: string): DeferredRestart | undefined {
  try {
    const text = readOwn(owedFile(unit, host.paths.hostd))?.toString("utf8") ?? "";
    const deferred = JSON.parse(text) as DeferredRestart;
    return ON_CHANGE.includes(deferred.restart) && typeof deferred.run === "string" ? deferred : undefined;
  } catch {
    return undefined;
  }
}

/** Every unit with a deferred restart. */
export function readDeferredRestarts(host: Host): ReadonlyMap<string, DeferredRestart> {
  const units = listFolder(owedFile("", host.paths.hostd));
  const deferred = units.flatMap((unit): [string, DeferredRestart][] => {
    const restart = readDeferredRestart(host, unit);
    return restart === undefined ? [] : [[unit, restart]];
  });
  return new Map(deferred);
}
