/** What a job's declaration, its units and the host runtime have in common. */

export const JOB_OVERLAPS = ["skip", "replace"] as const;

/** What happens when a run is due while the last one still runs: it is skipped, or the last one is ended. */
export type JobOverlap = (typeof JOB_OVERLAPS)[number];

/** How often a failed run is retried, and how many seconds after each failure. */
export interface JobRetry {
  readonly retries: number;
  readonly after: number;
}

/** A job as its host knows it. */
export interface JobName {
  readonly job: string;
  /** The agent that it belongs to; left out: the host itself. */
  readonly agent?: string;
}

/** The job as one word, for names of units. Names have no dot, so that no two jobs have the same word. */
export function jobWord({ job, agent }: JobName): string {
  return agent === undefined ? job : `${agent}.${job}`;
}

/** The job that a word stands for; undefined where it stands for none. */
export function parseJobWord(word: string): JobName | undefined {
  const [, agent, job] = /^(?:([a-z][a-z0-9-]{0,30})\.)?([a-z][a-z0-9-]{0,30})$/.exec(word) ?? [];
  return job === undefined ? undefined : { job, ...(agent !== undefined && { agent }) };
}

/** The job that a service or timer belongs to; undefined for any other unit. */
export function jobOfUnit(unit: string): JobName | undefined {
  return parseJobWord(/^muster-job-(.+)\.(service|timer)$/.exec(unit)?.[1] ?? "");
}

export function jobService(name: JobName): string {
  return `muster-job-${jobWord(name)}.service`;
}

export function jobTimer(name: JobName): string {
  return `muster-job-${jobWord(name)}.timer`;
}

/** What systemd starts when a job has failed: a template whose instance is the job's word. */
export const JOB_FAILED = "muster-job-failed@";

/** What a timer starts where the last run must be ended first. */
export const JOB_REPLACE = "muster-job-replace@";

/** The line of a job's unit that holds its retries, which systemd ignores: how often, and after how many seconds. */
export const RETRY_KEY = "X-Muster-Retry";

/** The state of a job, as systemd reports it. */
export interface JobStatus {
  readonly word: string;
  /** `absent`: its host has no such timer. */
  readonly timer: "waiting" | "stopped" | "absent";
  readonly isRunning: boolean;
  /** UTC, ISO 8601. When its last run started; absent where none is known. */
  readonly last?: string;
  /**
   * How that run ended, as `howItEnded` has it: `ok`, `ended`, or why it failed. Absent while it runs, and where
   * nothing is known.
   */
  readonly result?: string;
  /** UTC, ISO 8601. */
  readonly next?: string;
  /** Why no run starts although one is due. */
  readonly held?: string;
}

/**
 * How a run ended, in words.
 *
 * @param result systemd's word for it: $SERVICE_RESULT in systemd.exec(5)
 * @param status the exit code, or the signal
 */
export function howItEnded(result: string, status: string): string {
  if (result === "success") return "ok";
  if (result === "exit-code") return `exit code ${status}`;
  if (result === "signal" || result === "core-dump") return `ended by signal ${status}`;
  if (result === "timeout") return "not done in time";
  return result === "oom-kill" ? "out of memory" : result;
}
