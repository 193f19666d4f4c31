import type { AgentSpec, Fleet, JobSpec } from "../config/fleet.ts";
import { pauseFile, quarantineFile } from "../model/host-paths.ts";
import { JOB_FAILED, JOB_REPLACE, type JobName, jobService, jobWord, RETRY_KEY } from "../model/job.ts";
import { limitLines } from "../model/limits.ts";
import {
  commandLine,
  environmentLines,
  escapePercent,
  renderUnit,
  type UnitLine,
} from "../model/unit-file.ts";
import { hostJobHardening } from "./hardening.ts";
import { unitName } from "./unit-names.ts";
import { programLines } from "./unit-text.ts";

/** The names that a job has on its host. */
export function jobNameOf({ name, agent }: JobSpec): JobName {
  return { job: name, ...(agent !== undefined && { agent }) };
}

/**
 * The service of one run of a job. Processes that a run leaves behind end with it. A pause, or a quarantine of its
 * agent, is a condition of the unit: while one holds, no run starts, and missed runs are not made up for.
 */
export function jobServiceText(fleet: Fleet, job: JobSpec): string {
  const agent = job.agent === undefined ? undefined : fleet.agents[job.agent];
  const { retries, after } = job.retry;
  return renderUnit({
    Unit: [
      ["Description", `Muster job ${job.name} of ${agent?.name ?? "this host"}`],
      ["After", "network.target"],
      ...holds(agent),
      ["OnFailure", `${JOB_FAILED}${jobWord(jobNameOf(job))}.service`],
      // Its timer decides how often it runs.
      ["StartLimitIntervalSec", "0"],
      ...(retries > 0 ? [[RETRY_KEY, `${retries} ${after}`] as const] : []),
    ],
    Service: [
      ["Type", "oneshot"],
      ...(agent === undefined ? hostLines(job) : agentLines(fleet, agent, job)),
      // Found by the declared PATH, as an agent's program is, and not by systemd's own.
      ["ExecStart", commandLine(["/usr/bin/env", ...job.command])],
      // RuntimeMaxSec= has no effect on a oneshot service; systemd.service(5).
      ["TimeoutStartSec", String(job.timeout)],
      ["TimeoutStopSec", "10"],
      // A run that its next run or the removal of its job ends has not failed.
      ["SuccessExitStatus", "143 SIGTERM"],
    ],
  });
}

function holds(agent: AgentSpec | undefined): UnitLine[] {
  const files = [
    pauseFile(),
    ...(agent === undefined ? [] : [pauseFile(agent.name), quarantineFile(unitName(agent))]),
  ];
  return files.map((path): UnitLine => ["ConditionPathExists", `!${path}`]);
}

/** Like its agent on the first provider, but without a heartbeat. */
function agentLines(fleet: Fleet, agent: AgentSpec, { name, env }: JobSpec): UnitLine[] {
  const heartbeat = { ...agent.heartbeat, by: "none" } as const;
  const run = { ...agent, heartbeat, env: { ...agent.env, ...env, MUSTER_JOB: name } };
  return [...programLines(fleet, run), ...limitLines(agent.limits)];
}

/** A job of root has no sandbox: fleet.yaml gives the reason for root. */
function hostLines({ name, user, env, workdir }: JobSpec): UnitLine[] {
  const isRoot = user === "root";
  return [
    user === undefined ? ["DynamicUser", "yes"] : ["User", user],
    ["WorkingDirectory", escapePercent(workdir)],
    ...environmentLines({ ...env, MUSTER_JOB: name }),
    ...(isRoot ? [] : hostJobHardening(user === undefined)),
  ];
}

/** The timer of a job, exact to the second. */
export function jobTimerText(job: JobSpec): string {
  const name = jobNameOf(job);
  const service = jobService(name);
  const isReplaced = job.overlap === "replace";
  return renderUnit({
    Unit: [
      ["Description", `Starts Muster job ${job.name} of ${job.agent ?? "this host"}`],
      // Only so that systemd does not forget how the last run ended.
      ...(isReplaced ? [["After", service] as const] : []),
    ],
    Timer: [
      ...job.schedule.map((time): UnitLine => ["OnCalendar", time]),
      ["AccuracySec", "1s"],
      ...(job.catchUp ? [["Persistent", "yes"] as const] : []),
      ["Unit", isReplaced ? `${JOB_REPLACE}${jobWord(name)}.service` : service],
    ],
    Install: [["WantedBy", "timers.target"]],
  });
}
