import type { AgentSpec, Fleet, JobSpec } from "../config/fleet.ts";
import type { Items } from "../model/items.ts";
import { jobService, jobTimer } from "../model/job.ts";
import type { Compiler } from "./definition.ts";
import { programView } from "./hardening.ts";
import { jobNameOf, jobServiceText, jobTimerText } from "./job-unit-text.ts";
import { unitFile } from "./root-files.ts";

/**
 * Returns the items of several jobs that belong to one resource. Each job has four items: the check of its
 * program, its service file, its timer file, and the state of its timer.
 */
export function jobItems(fleet: Fleet, jobs: readonly JobSpec[], compiler: Compiler): Items {
  return Object.assign({}, ...jobs.map((job) => itemsOf(fleet, job, compiler)));
}

function itemsOf(fleet: Fleet, job: JobSpec, { keep }: Compiler): Items {
  const { name, schedule, user } = job;
  const [service, timer] = [jobService(jobNameOf(job)), jobTimer(jobNameOf(job))];
  const agent = job.agent === undefined ? undefined : fleet.agents[job.agent];
  return {
    [`${name} program`]: {
      kind: "program",
      unit: service,
      name: job.command[0] ?? "",
      search: { ...agent?.env, ...job.env }["PATH"] ?? "",
      workdir: job.workdir,
      ...(agent !== undefined && programView(fleet, agent, job.command)),
      actor: actorOf(job, agent),
      want: { found: true },
    },
    [`${name} service file`]: unitFile(service, keep(jobServiceText(fleet, job))),
    [`${name} timer file`]: unitFile(timer, keep(jobTimerText(job))),
    [name]: {
      kind: "timer",
      name: timer,
      service,
      schedule: schedule.join("; "),
      ...(user !== undefined && { user }),
      want: { enabled: "enabled", active: "running", overrides: "none" },
    },
  };
}

/**
 * Returns the user as which the program of a job is looked up. This is `nobody` if the user of the job exists only
 * during a run.
 */
function actorOf({ user }: JobSpec, agent: AgentSpec | undefined): string {
  return agent?.user ?? user ?? "nobody";
}
