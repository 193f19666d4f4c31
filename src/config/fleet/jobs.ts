import type { JobOverlap, JobRetry } from "../../model/job.ts";

/** A scheduled command of an agent or a host. */
export interface JobSpec {
  readonly name: string;
  /** The host of its agent or, for a host's job, the declared host. */
  readonly host: string;
  /** The agent whose user, folder and environment it uses; absent: it is a job of the host. */
  readonly agent?: string;
  /** The Linux user of a host's job; absent: systemd creates one for each run. */
  readonly user?: string;
  /** At least one calendar event, in the syntax of systemd.time(7). */
  readonly schedule: readonly string[];
  readonly command: readonly string[];
  /** The working directory; for an agent's job, that of its agent. */
  readonly workdir: string;
  /** For an agent's job, variables in addition to those of its agent. For a host's job, they include a PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Seconds after which a run is stopped. */
  readonly timeout: number;
  readonly overlap: JobOverlap;
  readonly catchUp: boolean;
  readonly retry: JobRetry;
}
