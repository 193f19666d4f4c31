/** Names and types for jobs, which declarations, systemd units and the host runtime share. */

export const JOB_OVERLAPS = ["skip", "replace"] as const;

/**
 * What happens when a run is due while the previous run is still active: `skip` the new run, or `replace` the previous
 * run.
 */
export type JobOverlap = (typeof JOB_OVERLAPS)[number];

/**
 * The number of times that a failed run is retried (`retries`), and the number of seconds after each failure (`after`).
 */
export interface JobRetry {
  readonly retries: number;
  readonly after: number;
}

/** Identifies a job on its host. */
export interface JobName {
  readonly job: string;
  /** The agent to which the job belongs; absent for a job of the host itself. */
  readonly agent?: string;
}

/**
 * Returns a job's name as one word for unit names. The word is unique on the host, because names of agents
 * and jobs contain no dot.
 */
export function jobWord({ job, agent }: JobName): string {
  return agent === undefined ? job : `${agent}.${job}`;
}

/** Parses a word from `jobWord`. Returns undefined for any other text. */
export function parseJobWord(word: string): JobName | undefined {
  const [, agent, job] = /^(?:([a-z][a-z0-9-]{0,30})\.)?([a-z][a-z0-9-]{0,30})$/.exec(word) ?? [];
  return job === undefined ? undefined : { job, ...(agent !== undefined && { agent }) };
}

/** Returns the job to which a service or timer belongs; undefined for any other unit. */
export function jobOfUnit(unit: string): JobName | undefined {
  return parseJobWord(/^muster-job-(.+)\.(service|timer)$/.exec(unit)?.[1] ?? "");
}

export function jobService(name: JobName): string {
  return `muster-job-${jobWord(name)}.service`;
}

export function jobTimer(name: JobName): string {
  return `muster-job-${jobWord(name)}.timer`;
}

/** The template unit that systemd starts when a job has failed. Its instance name is `jobWord(name)`. */
export const JOB_FAILED = "muster-job-failed@";

/**
 * The template unit that a timer starts if the previous run must be ended first. Its instance name is
 * `jobWord(name)`.
 */
export const JOB_REPLACE = "muster-job-replace@";

/** A key in a job's unit that systemd ignores. Its value is `<retries> <seconds after each failure>`. */
export const RETRY_KEY = "X-Muster-Retry";

/** The state of a job, as systemd reports it. */
export interface JobStatus {
  readonly word: string;
  /** The state of the job's timer. `absent`: the host has no such timer. */
  readonly timer: "waiting" | "stopped" | "absent";
  readonly isRunning: boolean;
  /** The time when the job's last run started (UTC, ISO 8601); absent if no run is known. */
  readonly last?: string;
  /**
   * The result of the last run: `ok`, `ended`, or the reason why it failed (see `howItEnded`). Absent while the run is
   * active, or if no ended run is known.
   */
  readonly result?: string;
  /** The time when the job's next run is due (UTC, ISO 8601); absent if systemd reports no time. */
  readonly next?: string;
  /** The reason why no run can currently start; absent if runs can start. */
  readonly held?: string;
}

/**
 * Describes how a run ended.
 *
 * @param result systemd's result: $SERVICE_RESULT in systemd.exec(5)
 * @param status the exit code, or the signal
 */
export function howItEnded(result: string, status: string): string {
  if (result === "success") return "ok";
  if (result === "exit-code") return `exit code ${status}`;
  if (result === "signal" || result === "core-dump") return `ended by signal ${status}`;
  if (result === "timeout") return "not done in time";
  return result === "oom-kill" ? "out of memory" : result;
}
