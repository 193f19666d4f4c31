import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hasCode, pause } from "../system/error-reason.ts";

/**
 * Waits until a user has no processes left, and kills the processes that do not end in time.
 *
 * @param grace seconds to wait until the processes end by themselves, and to
 * wait again after they were killed
 */
export function endProcesses(uid: number, grace: number): void {
  const deadline = Date.now() + grace * 1000;
  for (let pids = processesOf(uid); pids.length > 0; pids = processesOf(uid)) {
    if (Date.now() > deadline) for (const pid of pids) kill(pid);
    if (Date.now() > deadline + grace * 1000) return;
    pause(100);
  }
}

/** Returns the user's processes, except processes in containers, where the uid can belong to another user. */
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

/** Returns the result of a check; false if the process ends during the check. */
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
