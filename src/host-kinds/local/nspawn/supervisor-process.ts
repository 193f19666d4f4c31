import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { readStatus, startMark } from "../../../base/proc-stat.ts";

/**
 * Returns the process ID of a host's supervisor; undefined if the supervisor is not running. When the supervisor
 * starts, it copies its /proc/<pid>/stat to the file `pid`. The start time in this file distinguishes the supervisor
 * from a later process with the same ID, even after a reboot.
 */
export function supervisorPid(hostDir: string): number | undefined {
  const recorded = readStatus(join(hostDir, "pid"));
  if (recorded === undefined) return undefined;
  return startMark(recorded.pid) === recorded.start ? recorded.pid : undefined;
}

/**
 * Returns the process ID of a descendant of a host's supervisor that is in the host's own network namespace.
 *
 * @returns undefined if no such process exists, or if the kernel does not list the children of processes
 */
export function networkPid(hostDir: string): number | undefined {
  const supervisor = supervisorPid(hostDir);
  return supervisor === undefined ? undefined : findOutside(supervisor, networkOf(supervisor));
}

function findOutside(pid: number, network: string): number | undefined {
  for (const child of childrenOf(pid)) {
    const found = networkOf(child) === network ? findOutside(child, network) : child;
    if (found !== undefined) return found;
  }
  return undefined;
}

function networkOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return "";
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
