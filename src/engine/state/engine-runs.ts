import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startMark } from "../../base/proc-stat.ts";
import type { PulumiProject } from "../project.ts";

/** A process in this checkout that might take a stack's lock. */
export interface EngineRun {
  readonly stack: string;
  readonly pid: number;
  /** The start mark of the process. It is necessary because process ids are reused. */
  readonly start: string;
  /** The time when the process was recorded, in ISO 8601. The process takes the lock soon afterwards. */
  readonly noted: string;
}

/**
 * Records a process before it takes a lock. A lock identifies a machine only by its name, and two machines
 * can have the same name. With a shared state, only this record proves that the lock's process ran here.
 */
export function noteRun(project: PulumiProject, stack: string, pid: number): void {
  const start = startMark(pid);
  if (start === undefined) return;
  mkdirSync(dirOf(project), { recursive: true, mode: 0o700 });
  const run: EngineRun = { stack, pid, start, noted: new Date().toISOString() };
  writeFileSync(join(dirOf(project), `${pid}.json`), JSON.stringify(run), { mode: 0o600 });
}

/** Returns the recorded processes that might have locked this stack, including processes that have ended. */
export function notedRuns(project: PulumiProject, stack: string): EngineRun[] {
  if (!existsSync(dirOf(project))) return [];
  return readdirSync(dirOf(project))
    .flatMap((name) => readRun(join(dirOf(project), name)) ?? [])
    .filter((run) => run.stack === stack);
}

/** Deletes the records of runs that have ended. The caller has already removed the locks of killed runs. */
export function forgetEndedRuns(project: PulumiProject, stack: string): void {
  for (const run of notedRuns(project, stack).filter((one) => !isAlive(one))) {
    rmSync(join(dirOf(project), `${run.pid}.json`), { force: true });
  }
}

export function isAlive({ pid, start }: EngineRun): boolean {
  return startMark(pid) === start;
}

function dirOf(project: PulumiProject): string {
  return join(project.dir, ".muster", "runs");
}

/** Reads a record. Returns undefined for an incomplete record that a killed run left. */
function readRun(file: string): EngineRun | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as EngineRun;
  } catch {
    return undefined;
  }
}
