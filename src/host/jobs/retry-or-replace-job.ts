import { howItEnded, type JobName, jobService, parseJobWord } from "../../model/job.ts";
import { shown } from "../../model/shorten-for-display.ts";
import type { Host } from "../context.ts";
import { withHostLock } from "../system/locks.ts";
import { showProperties } from "../units/systemctl.ts";
import { noteFailedJob } from "./failed-jobs.ts";
import { recordWithin } from "./history-rate-limit.ts";
import { holdReason } from "./hold-reason.ts";
import { forgetRetries, retryLater, retryOf, triesBefore } from "./retries.ts";

/**
 * Runs `host.mjs job failed|replace WORD`, which systemd starts.
 *
 * @returns the exit code
 */
export function handleJob(host: Host, [verb, word = "", ...others]: readonly string[]): number {
  const name = parseJobWord(word);
  if (name === undefined || others.length > 0) return 2;
  if (verb === "failed") recordFailure(host, name);
  else if (verb === "replace") replaceRun(host, name);
  else return 2;
  return 0;
}

/** Records a failure in the history, and schedules the job's next attempt if any attempts are left. */
function recordFailure(host: Host, name: JobName): void {
  const service = jobService(name);
  const { result, status, run } = failureOf(host, service);
  const { retries, after } = retryOf(host, service);
  // The lock is needed because other jobs of the same agent can fail at the same time.
  withHostLock(host, () => {
    const tries = triesBefore(host, service) + 1;
    const isLast = tries > retries;
    const obstacle = isLast ? "" : retryLater(host, service, tries, run, after);
    if (isLast) forgetRetries(host, [service]);
    if (isLast || obstacle !== "") noteFailedJob(host, name);
    const givenUp = retries > 0 ? `, gave up after ${tries} attempts` : "";
    const next = obstacle === "" ? `, trying again in ${after} s` : `, not trying again: ${shown(obstacle)}`;
    const detail = `${howItEnded(result, status)}${isLast ? givenUp : next}`;
    recordWithin(host, { event: "job-failed", ...name, detail });
  });
}

/** Reads the failure from the environment, where systemd 251 and later set it, or from the unit's state. */
function failureOf(host: Host, service: string) {
  const { MONITOR_SERVICE_RESULT, MONITOR_EXIT_STATUS, MONITOR_INVOCATION_ID } = process.env;
  const [state = {}] = showProperties(host, [service], ["Result", "ExecMainStatus", "InvocationID"]);
  return {
    result: MONITOR_SERVICE_RESULT ?? state["Result"] ?? "",
    status: MONITOR_EXIT_STATUS ?? state["ExecMainStatus"] ?? "",
    run: MONITOR_INVOCATION_ID ?? state["InvocationID"] ?? "",
  };
}

/** Replaces a job's current run with a new one, unless the job is held. */
function replaceRun(host: Host, name: JobName): void {
  if (holdReason(host, name) === "") host.run("systemctl", ["restart", "--no-block", "--", jobService(name)]);
}
