import { existsSync } from "node:fs";
import { agentUnit, pauseFile } from "../../model/host-paths.ts";
import type { JobName } from "../../model/job.ts";
import type { Host } from "../context.ts";
import { readQuarantine } from "../units/quarantine.ts";

/** Returns why a job must not start now; empty if it may. The job's unit checks the same conditions. */
export function holdReason(host: Host, { agent }: JobName): string {
  const { hostd } = host.paths;
  const pauses = [pauseFile(undefined, hostd), ...(agent === undefined ? [] : [pauseFile(agent, hostd)])];
  const pause = pauses.find((path) => existsSync(path));
  if (pause !== undefined) return `paused by ${pause}`;
  const isQuarantined = agent !== undefined && readQuarantine(host, agentUnit(agent)) !== undefined;
  return isQuarantined ? `${agent} is in quarantine` : "";
}
