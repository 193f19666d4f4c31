import type { Fleet, JobSpec } from "../../config/fleet.ts";
import type { JobStatus } from "../../model/job.ts";
import { jobWord } from "../../model/job.ts";
import { jobNameOf } from "../../resources/job-unit-text.ts";
import type { OpenHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { isAgentSelected } from "./agents.ts";
import type { HostReport } from "./fleet-report.ts";
import { coversAllTenants, observeByHost, stateWithoutAnswer } from "./query-all-hosts.ts";

/** `away`: unknown, because the job's host is unreachable. `not there`: the host has no such timer. */
export type JobState = "waiting" | "running" | "held" | "stopped" | "not there" | "away";

/** The current state of a declared job on its host. */
export interface JobRow extends Omit<JobStatus, "word" | "timer" | "isRunning"> {
  readonly job: string;
  readonly host: string;
  readonly agent?: string;
  readonly tenant?: string;
  readonly schedule: readonly string[];
  readonly state: JobState;
}

export interface JobsReport {
  readonly hosts: readonly HostReport[];
  readonly jobs: readonly JobRow[];
}

/** Observes every selected job on its host. */
export async function observeJobs(fleet: Fleet, selection: Selection, open: OpenHost): Promise<JobsReport> {
  const jobs = Object.values(fleet.jobs).filter((job) => isJobSelected(fleet, job, selection));
  const answers = await observeByHost(fleet, open, jobs, (reader, own) =>
    reader.jobs({ op: "jobs", words: own.map(wordOf) }),
  );
  return {
    hosts: answers.map(({ host }) => host),
    jobs: answers.flatMap(({ host, things, answer }) => {
      const known = new Map(answer?.jobs.map((one) => [one.word, one]));
      return things.map((job) => rowOf(fleet, job, known.get(wordOf(job)), stateWithoutAnswer(host)));
    }),
  };
}

function wordOf(job: JobSpec): string {
  return jobWord(jobNameOf(job));
}

/**
 * Whether a job belongs to a host, not to an agent, and the selection covers the job. A host's job belongs to no
 * tenant.
 */
export function isHostJobSelected({ agent, host }: JobSpec, selection: Selection): boolean {
  return agent === undefined && coversAllTenants(selection) && (selection.host ?? host) === host;
}

function isJobSelected(fleet: Fleet, job: JobSpec, selection: Selection): boolean {
  const agent = job.agent === undefined ? undefined : fleet.agents[job.agent];
  return agent === undefined ? isHostJobSelected(job, selection) : isAgentSelected(agent, selection);
}

function rowOf(fleet: Fleet, job: JobSpec, status: JobStatus | undefined, absent: JobState): JobRow {
  const { name, host, agent, schedule } = job;
  const tenant = agent === undefined ? undefined : fleet.agents[agent]?.tenant;
  const place = { job: name, host, ...(agent && { agent }), ...(tenant && { tenant }), schedule };
  if (status === undefined || status.timer === "absent") return { ...place, state: absent };
  const { word: _, timer, isRunning, ...rest } = status;
  const waits = status.held === undefined ? timer : "held";
  return { ...place, state: isRunning ? "running" : waits, ...rest };
}
