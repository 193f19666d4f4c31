import { existsSync } from "node:fs";
import { agentUnit, holdFile, jobsOffFile } from "../../model/host-paths.ts";
import type { JobName } from "../../model/job.ts";
import type { Host } from "../context.ts";
import { readPause, readQuarantine } from "../units/quarantine.ts";

/** Returns why a job must not start now; empty if the job can start. The job's unit checks the same conditions. */
export function holdReason(host: Host, { agent }: JobName): string {
  const { hostd } = host.paths;
  const holds = [holdFile(undefined, hostd), ...(agent === undefined ? [] : [holdFile(agent, hostd)])];
  const hold = holds.find((path) => existsSync(path));
  if (hold !== undefined) return `held by ${hold}`;
  if (agent === undefined) return "";
  if (existsSync(jobsOffFile(agent, hostd))) return `a budget of ${agent} is used up`;
  const pause = readPause(host, agentUnit(agent));
  if (pause !== undefined) return `${agent} is ${pause.park === undefined ? "paused" : "parked"}`;
  return readQuarantine(host, agentUnit(agent)) !== undefined ? `${agent} is in quarantine` : "";
}
