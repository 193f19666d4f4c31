import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Notes that a host was reached just now: the time of an empty file of its name, in this checkout alone. Only runs
 * that may change hosts call this; whoever only looks writes nothing.
 */
export function noteReached(projectDir: string, host: string): void {
  mkdirSync(folderOf(projectDir), { recursive: true, mode: 0o700 });
  writeFileSync(join(folderOf(projectDir), host), "");
}

/** When a run from this checkout last reached the host; undefined where none did. */
export function lastReached(projectDir: string, host: string): Date | undefined {
  return statSync(join(folderOf(projectDir), host), { throwIfNoEntry: false })?.mtime;
}

/** Forgets when it was; that nothing was noted is a success. */
export function forgetReached(projectDir: string, host: string): void {
  rmSync(join(folderOf(projectDir), host), { force: true });
}

/** "last reached 2026-11-23 18:20 UTC", for a sentence about a host that is away. */
export function sinceWhen(reached: Date | undefined): string {
  if (reached === undefined) return "not reached from here before";
  return `last reached ${reached.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function folderOf(projectDir: string): string {
  return join(projectDir, ".muster", "reached");
}
