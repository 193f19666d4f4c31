import { join } from "node:path";
import { readStatus, startMark } from "../../../base/processes.ts";

/**
 * Returns the process ID of a host's supervisor if the supervisor is running. When it started, the supervisor
 * copied its /proc/<pid>/stat to the file `pid`. The start time in that file distinguishes the supervisor
 * from a later process with the same ID, even after a reboot.
 */
export function supervisorPid(hostDir: string): number | undefined {
  const recorded = readStatus(join(hostDir, "pid"));
  if (recorded === undefined) return undefined;
  return startMark(recorded.pid) === recorded.start ? recorded.pid : undefined;
}
