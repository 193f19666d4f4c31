/** What a job's declaration, its units and the host runtime that tells of it have in common. */

export const JOB_OVERLAPS = ["skip", "replace"] as const;

/** What happens when it is time and the last run still goes on: nothing, or that one is ended. */
export type JobOverlap = (typeof JOB_OVERLAPS)[number];

/** How often a run that failed is tried again, and how many seconds after each failure. */
export interface JobRetry {
  readonly retries: number;
  readonly after: number;
}

/** A job as its host knows it. */
export interface JobName {
  readonly job: string;
  /** Whose it is; left out: the host's own. */
  readonly agent?: string;
}

/** The job in one word, as its units have it. A name has no dot, so that no two jobs have one such word. */
export function jobWord({ job, agent }: JobName): string {
  return agent === undefined ? job : `${agent}.${job}`;
}

/** The job that a word means; undefined where it is none. */
export function parseJobWord(word: string): JobName | undefined {
  const [, agent, job] = /^(?:([a-z][a-z0-9-]{0,30})\.)?([a-z][a-z0-9-]{0,30})$/.exec(word) ?? [];
  return job === undefined ? undefined : { job, ...(agent !== undefined && { agent }) };
}

/** The job whose service or timer a unit is; undefined where it is none. */
export function jobOfUnit(unit: string): JobName | undefined {
  return parseJobWord(/^muster-job-(.+)\.(service|timer)$/.exec(unit)?.[1] ?? "");
}

export function jobService(name: JobName): string {
  return `muster-job-${jobWord(name)}.service`;
}

export function jobTimer(name: JobName): string {
  return `muster-job-${jobWord(name)}.timer`;
}

/** What systemd starts when a job has failed: a template, with the job's word as its instance. */
export const JOB_FAILED = "muster-job-failed@";

/** What a timer starts where the last run is to be ended first. */
export const JOB_REPLACE = "muster-job-replace@";

/** What a job's unit says of its retries, in a line that systemd does not read: how often, and after how many seconds. */
export const RETRY_KEY = "X-Muster-Retry";

/** How a job is, as systemd has it. */
export interface JobStatus {
  readonly word: string;
  /** `absent`: its host has no such timer. */
  readonly timer: "waiting" | "stopped" | "absent";
  readonly isRunning: boolean;
  /** UTC, ISO 8601. When its last run began; absent where none is known. */
  readonly last?: string;
  /** How that ended, as `howItEnded` has it: `ok`, `ended`, or why it failed. Absent while it runs, and where nothing is known. */
  readonly result?: string;
  /** UTC, ISO 8601. */
  readonly next?: string;
  /** Why no run begins, though it is time. */
  readonly held?: string;
}

/**
 * How a run ended, in words.
 *
 * @param result systemd's word for it, as systemd.exec(5) has $SERVICE_RESULT
 * @param status the exit code, or the signal
 */
export function howItEnded(result: string, status: string): string {
  if (result === "success") return "ok";
  if (result === "exit-code") return `exit code ${status}`;
  if (result === "signal" || result === "core-dump") return `ended by signal ${status}`;
  if (result === "timeout") return "not done in time";
  return result === "oom-kill" ? "out of memory" : result;
}
