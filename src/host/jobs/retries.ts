import { rmSync } from "node:fs";
import { JOB_FAILED, JOB_REPLACE, type JobRetry, RETRY_KEY } from "../../model/job.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/files.ts";
import { readTextIfPresent } from "../system/read-if-present.ts";
import { folderOfJobs } from "./job-folder.ts";

/** Returns the name of the transient timer that starts a job's next try. */
export function retryTimer(service: string): string {
  return service.replace(/^muster-job-(.*)\.service$/, "muster-retry-$1.timer");
}

/** Returns the units that may start a run of a job: for a retry, a replaced run and a failed run. */
export function jobHandlersOf(service: string): string[] {
  const word = service.replace(/^muster-job-(.*)\.service$/, "$1");
  return [`muster-retry-${word}.service`, `${JOB_REPLACE}${word}.service`, `${JOB_FAILED}${word}.service`];
}

/** Returns the retries that a job's unit declares; zero retries if it declares none or does not exist. */
export function retryOf(host: Host, service: string): JobRetry {
  const text = readTextIfPresent(`${host.paths.units}/${service}`, "ELOOP") ?? "";
  const [, retries = 0, after = 0] = new RegExp(`^${RETRY_KEY}=(\\d{1,2}) (\\d{1,5})$`, "m").exec(text) ?? [];
  return { retries: Number(retries), after: Number(after) };
}

/**
 * Returns how often a job was tried before the run that has just ended; 0 if that was a scheduled run, not a
 * retry. The count is in a memory file system, so a reboot cancels retries.
 */
export function triesBefore(host: Host, service: string): number {
  const [tries, mark] = readOwn(triesFile(host, service))?.toString("utf8").split("\n") ?? [];
  return mark === BEGUN ? Number(tries) || 0 : 0;
}

/** The mark that a retry writes after the count when it begins. */
const BEGUN = "begun";

/**
 * Makes systemd start a job again later, unless a scheduled run has started by then.
 *
 * @param tries how often the job has been tried in a row
 * @param run systemd's InvocationID of the run that has failed
 * @param after seconds until the retry
 * @returns why systemd has not accepted the retry; empty if it has
 */
export function retryLater(host: Host, service: string, tries: number, run: string, after: number): string {
  const file = triesFile(host, service);
  writeOwn(file, `${tries}\n`);
  const timer = retryTimer(service);
  const unit = timer.replace(/\.timer$/, "");
  // The previous retry may not have ended completely.
  host.run("systemctl", ["stop", "--", timer, `${unit}.service`]);
  const when = [`--on-active=${after}`, "--timer-property=AccuracySec=1s", "--collect", "--quiet"];
  const what = ["/bin/sh", "-c", TRY_AGAIN, "sh", service, run, file];
  const { status, stderr } = host.run("systemd-run", [...when, `--unit=${unit}`, "--", ...what]);
  return status === 0 ? "" : stderr.trim().split("\n")[0] || "systemd-run failed";
}

/** Deletes the count after a successful retry or another run. A failed retry is a failure like the first. */
const TRY_AGAIN =
  '[ "$(systemctl show -P InvocationID -- "$1")" = "$2" ] || exec rm -f -- "$3"; ' +
  `echo ${BEGUN} >>"$3"; systemctl start -- "$1" && exec rm -f -- "$3"; true`;

export function forgetRetries(host: Host, services: readonly string[]): void {
  for (const service of services) rmSync(triesFile(host, service), { force: true });
}

function triesFile(host: Host, service: string): string {
  return `${folderOfJobs(host)}/${service}`;
}
