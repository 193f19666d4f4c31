import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Records that a host has just been reached. Sets the modification time of an empty file in this checkout. Read-only
 * commands write nothing, so only runs that can change hosts call this function.
 */
export function noteReached(projectDir: string, host: string): void {
  mkdirSync(folderOf(projectDir), { recursive: true, mode: 0o700 });
  writeFileSync(join(folderOf(projectDir), host), "");
}

/** Returns when a run from this checkout last reached a host; undefined if no run has reached it. */
export function lastReached(projectDir: string, host: string): Date | undefined {
  return statSync(join(folderOf(projectDir), host), { throwIfNoEntry: false })?.mtime;
}

/** Deletes the record of the time when a host was last reached. Succeeds if there is no record. */
export function forgetReached(projectDir: string, host: string): void {
  rmSync(join(folderOf(projectDir), host), { force: true });
}

/** Returns a text for messages about when an unreachable host was last reached: "last reached 2026-11-23 18:20 UTC". */
export function lastReachedText(reached: Date | undefined): string {
  if (reached === undefined) return "never reached from here";
  return `last reached ${reached.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function folderOf(projectDir: string): string {
  return join(projectDir, ".muster", "reached");
}
