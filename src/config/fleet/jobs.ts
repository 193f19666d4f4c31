import type { JobOverlap, JobRetry } from "../../model/job.ts";

/** A scheduled command of an agent or a host. */
export interface JobSpec {
  readonly name: string;
  /** The host of the job's agent or, for a host's job, the declared host. */
  readonly host: string;
  /** The agent whose user, folder and environment the job uses. Absent for a host's job. */
  readonly agent?: string;
  /** Only for a host's job: its Linux user. If absent, systemd creates a user for each run. */
  readonly user?: string;
  /** At least one calendar event, in the syntax of systemd.time(7). */
  readonly schedule: readonly string[];
  readonly command: readonly string[];
  /** The working directory. For an agent's job, this is the agent's working directory. */
  readonly workdir: string;
  /**
   * Environment variables. An agent's job has them in addition to the agent's own. A host's job always has a
   * PATH.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Seconds after which a run is stopped. */
  readonly timeout: number;
  readonly overlap: JobOverlap;
  readonly catchUp: boolean;
  readonly retry: JobRetry;
}
