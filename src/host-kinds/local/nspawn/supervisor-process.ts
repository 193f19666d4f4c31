import { join } from "node:path";
import { readStatus, startMark } from "../../../base/processes.ts";

/**
 * The pid of a host's supervisor, if it lives. The file `pid` is a copy of its own /proc/<pid>/stat: the start
 * time in it tells the supervisor from a later process with the same pid, also after a reboot of the machine.
 */
export function supervisorPid(hostDir: string): number | undefined {
  const recorded = readStatus(join(hostDir, "pid"));
  if (recorded === undefined) return undefined;
  return startMark(recorded.pid) === recorded.start ? recorded.pid : undefined;
}
