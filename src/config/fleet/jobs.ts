import type { JobOverlap, JobRetry } from "../../model/job.ts";

/** A scheduled command of an agent or a host. */
export interface JobSpec {
  readonly name: string;
  /** The host that runs the job. For an agent's job, this is the host of the agent. */
  readonly host: string;
  /**
   * The agent to which the job belongs. The job runs with the agent's user, folder and environment. Absent for a host's
   * job.
   */
  readonly agent?: string;
  /**
   * The Linux user of a host's job. If absent, systemd creates a user for each run. Always absent for an
   * agent's job.
   */
  readonly user?: string;
  /** At least one calendar event, in the syntax of systemd.time(7). */
  readonly schedule: readonly string[];
  readonly command: readonly string[];
  /** The working directory. For an agent's job, this is the agent's working directory. */
  readonly workdir: string;
  /**
   * The environment variables of the job. An agent's job also gets the agent's own variables. A host's job
   * always has a PATH.
   */
  readonly env: Readonly<Record<string, string>>;
  /** The maximum duration of a run in seconds. A longer run is stopped. */
  readonly timeout: number;
  readonly overlap: JobOverlap;
  readonly catchUp: boolean;
  readonly retry: JobRetry;
}
