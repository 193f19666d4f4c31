import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hasCode, pause } from "../system/error-reason.ts";

/**
 * Waits until a user has no processes left, and kills those that do not end.
 *
 * @param grace seconds to wait for processes to end by themselves, and as many again after killing them
 */
export function endProcesses(uid: number, grace: number): void {
  const deadline = Date.now() + grace * 1000;
  for (let pids = processesOf(uid); pids.length > 0; pids = processesOf(uid)) {
    if (Date.now() > deadline) for (const pid of pids) kill(pid);
    if (Date.now() > deadline + grace * 1000) return;
    pause(100);
  }
}

/** Returns the user's processes, without those in containers, where the uid may belong to another user. */
function processesOf(uid: number): number[] {
  const here = readlinkSync("/proc/self/ns/pid");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => orFalse(() => realUidOf(pid) === uid && readlinkSync(`/proc/${pid}/ns/pid`) === here))
    .map(Number);
}

function realUidOf(pid: string): number {
  return Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Returns false for a process that ends while it is being checked. */
function orFalse(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return false;
    throw error;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
