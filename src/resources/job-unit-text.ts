import type { AgentSpec, Fleet, JobSpec } from "../config/fleet.ts";
import { holdFile, jobsOffFile, quarantineFile } from "../model/host-paths.ts";
import { JOB_FAILED, JOB_REPLACE, type JobName, jobService, jobWord, RETRY_KEY } from "../model/job.ts";
import {
  commandLine,
  environmentLines,
  escapePercent,
  renderUnit,
  type UnitLine,
} from "../model/unit-file.ts";
import { limitLines } from "../model/unit-limits.ts";
import { hasBudgetForJobs } from "./account-limits.ts";
import { hostJobHardening } from "./hardening.ts";
import { unitName } from "./unit-names.ts";
import { programLines } from "./unit-text.ts";

/** Returns the name that a job has on its host. */
export function jobNameOf({ name, agent }: JobSpec): JobName {
  return { job: name, ...(agent !== undefined && { agent }) };
}

/**
 * Returns the unit text of a job's service. When a run ends, systemd ends all processes of the run. No run starts while
 * the host or the job's agent is on hold, while the agent is in quarantine, paused or parked, or while a budget for jobs
 * is used up. Such a skipped run is not
 * started later.
 */
export function jobServiceText(fleet: Fleet, job: JobSpec): string {
  const agent = job.agent === undefined ? undefined : fleet.agents[job.agent];
  const { retries, after } = job.retry;
  return renderUnit({
    Unit: [
      ["Description", `Muster job ${job.name} of ${agent?.name ?? "this host"}`],
      ["After", "network.target"],
      ...holds(fleet, agent),
      ["OnFailure", `${JOB_FAILED}${jobWord(jobNameOf(job))}.service`],
      // The timer limits how often the job runs, so systemd does not have to limit the starts.
      ["StartLimitIntervalSec", "0"],
      ...(retries > 0 ? [[RETRY_KEY, `${retries} ${after}`] as const] : []),
    ],
    Service: [
      ["Type", "oneshot"],
      ...(agent === undefined ? hostLines(job) : agentLines(fleet, agent, job)),
      // env looks up the program in the declared PATH. Without env, systemd would use its own PATH.
      ["ExecStart", commandLine(["/usr/bin/env", ...job.command])],
      // RuntimeMaxSec= has no effect on a oneshot service; see systemd.service(5).
      ["TimeoutStartSec", String(job.timeout)],
      ["TimeoutStopSec", "10"],
      // A run does not count as failed if the next run or the removal of its job ends it.
      ["SuccessExitStatus", "143 SIGTERM"],
    ],
  });
}

function holds(fleet: Fleet, agent: AgentSpec | undefined): UnitLine[] {
  const files = [
    holdFile(),
    ...(agent === undefined ? [] : [holdFile(agent.name), quarantineFile(unitName(agent))]),
    ...(agent !== undefined && hasBudgetForJobs(fleet, agent) ? [jobsOffFile(agent.name)] : []),
  ];
  return files.map((path): UnitLine => ["ConditionPathExists", `!${path}`]);
}

/**
 * Returns the [Service] lines of an agent's job. The job runs like the agent with its first provider, but
 * without a heartbeat.
 */
function agentLines(fleet: Fleet, agent: AgentSpec, { name, env }: JobSpec): UnitLine[] {
  const heartbeat = { ...agent.heartbeat, by: "none" } as const;
  const run = { ...agent, heartbeat, env: { ...agent.env, ...env, MUSTER_JOB: name } };
  return [...programLines(fleet, run), ...limitLines(agent.limits)];
}

/**
 * Returns the [Service] lines of a host's job. A job that runs as root has no sandbox. fleet.yaml must give a
 * reason for such a job.
 */
function hostLines({ name, user, env, workdir }: JobSpec): UnitLine[] {
  const isRoot = user === "root";
  return [
    user === undefined ? ["DynamicUser", "yes"] : ["User", user],
    ["WorkingDirectory", escapePercent(workdir)],
    ...environmentLines({ ...env, MUSTER_JOB: name }),
    ...(isRoot ? [] : hostJobHardening(user === undefined)),
  ];
}

/** Returns the unit text of a job's timer, which is accurate to one second. */
export function jobTimerText(job: JobSpec): string {
  const name = jobNameOf(job);
  const service = jobService(name);
  const isReplaced = job.overlap === "replace";
  return renderUnit({
    Unit: [
      ["Description", `Starts Muster job ${job.name} of ${job.agent ?? "this host"}`],
      // This line keeps the service loaded, so that systemd still knows the result of the last run.
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
