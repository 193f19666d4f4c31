import type { JobOverlap, JobRetry } from "../../model/job.ts";

/** A scheduled command of an agent or a host. */
export interface JobSpec {
  readonly name: string;
  /** The host of its agent, if it has one. */
  readonly host: string;
  /** The agent whose user, folder and environment it uses; absent: it is a job of the host. */
  readonly agent?: string;
  /** The Linux user of a host's job; absent: systemd creates one for each run. */
  readonly user?: string;
  /** At least one calendar event, in the syntax of systemd.time(7). */
  readonly schedule: readonly string[];
  readonly command: readonly string[];
  /** For an agent's job, the folder of its agent. */
  readonly workdir: string;
  /** In addition to the environment of its agent; a host's job has a PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout: number;
  readonly overlap: JobOverlap;
  readonly catchUp: boolean;
  readonly retry: JobRetry;
}
