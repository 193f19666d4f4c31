import type { Fleet, JobSpec } from "../../config/fleet.ts";
import type { JobStatus } from "../../model/job.ts";
import { jobWord } from "../../model/job.ts";
import { jobNameOf } from "../../resources/job-text.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { isAgentSelected } from "./agents.ts";
import type { HostReport } from "./fleet-report.ts";

/** `away`: nothing is known, because its host gave no answer. `not there`: its host has no such timer. */
export type JobState = "waiting" | "running" | "held" | "stopped" | "not there" | "away";

/** A declared job as it is on its host. */
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

/** How every declared job is now, from its live host. */
export async function observeJobs(fleet: Fleet, selection: Selection, open: OpenHost): Promise<JobsReport> {
  const jobs = Object.values(fleet.jobs).filter((job) => isJobSelected(fleet, job, selection));
  const byHost = Map.groupBy(jobs, (job) => job.host);
  const looks = await Promise.all([...byHost].map(([host, ours]) => jobsOn(fleet, host, ours, open)));
  return { hosts: looks.map((look) => look.host), jobs: looks.flatMap((look) => look.jobs) };
}

/** Whether a host's own job is in the part of the fleet that a command looks at: it is of no tenant. */
export function isHostJobSelected({ agent, host }: JobSpec, selection: Selection): boolean {
  const isWhole = selection.tenant === undefined && selection.slice?.kind !== "tenant";
  return agent === undefined && isWhole && (selection.host ?? host) === host;
}

function isJobSelected(fleet: Fleet, job: JobSpec, selection: Selection): boolean {
  const agent = job.agent === undefined ? undefined : fleet.agents[job.agent];
  return agent === undefined ? isHostJobSelected(job, selection) : isAgentSelected(agent, selection);
}

async function jobsOn(fleet: Fleet, host: string, jobs: readonly JobSpec[], open: OpenHost) {
  const words = jobs.map((job) => jobWord(jobNameOf(job)));
  const asked = await queryHost(fleet, host, open, (reader) => reader.jobs({ op: "jobs", words }));
  const seen = new Map(asked.answer?.jobs.map((one) => [one.word, one]));
  const isAway = asked.host.state === "away" || asked.host.state === "failed";
  return {
    host: asked.host,
    jobs: jobs.map((job, i) => rowOf(fleet, job, seen.get(words[i] ?? ""), isAway ? "away" : "not there")),
  };
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
