import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { exists, startTime, statusOf } from "../base/processes.ts";
import { type Project, stateDir } from "./project.ts";

/** One of the engine's locks on a stack (its pkg/backend/diy/lock.go) and whether its holder can be alive. */
export interface StackLock {
  file: string;
  pid: number;
  hostname: string;
  since: string;
  dead: boolean;
}

/** A clock that was set while the engine ran moves start times; a holder's id is not used again so soon. */
const CLOCK_MARGIN = 60_000;

/** The engine's locks on a stack whose state is kept in the project. */
export function stackLocks(project: Project, stack: string): StackLock[] {
  const state = stateDir(project);
  if (state === undefined) return [];
  const dir = join(state, ".pulumi", "locks", "organization", project.name, stack);
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir).filter((name) => name.endsWith(".json"));
  return files.flatMap((name) => readLock(join(dir, name)) ?? []);
}

/** Removes the locks whose holder is provably dead, and tells of each. */
export function removeDeadLocks(project: Project, stack: string, tell: (line: string) => void): void {
  for (const lock of stackLocks(project, stack).filter(({ dead }) => dead)) {
    for (const file of [lock.file, `${lock.file}.attrs`]) rmSync(file, { force: true });
    tell(`removed the lock of stack ${stack} that process ${lock.pid} took at ${lock.since}: it was killed`);
  }
}

function readLock(file: string): StackLock | undefined {
  try {
    const lock = JSON.parse(readFileSync(file, "utf8")) as {
      pid: number;
      hostname: string;
      timestamp: string;
    };
    const dead = lock.hostname === hostname() && isDead(lock.pid, Date.parse(lock.timestamp));
    return { file, pid: lock.pid, hostname: lock.hostname, since: lock.timestamp, dead };
  } catch {
    return undefined;
  }
}

/** Dead beyond doubt: the lock is whole, and there is no such process, or one that is no `pulumi`, or a `pulumi` that began after the lock was made. */
function isDead(pid: number, since: number): boolean {
  if (!(pid > 0) || Number.isNaN(since)) return false;
  if (!exists(pid)) return true;
  const status = statusOf(pid);
  if (status === undefined) return false;
  return status.zombie || status.name !== "pulumi" || startTime(status) > since + CLOCK_MARGIN;
}
