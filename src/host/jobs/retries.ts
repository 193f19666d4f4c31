import { rmSync } from "node:fs";
import { JOB_FAILED, JOB_REPLACE, type JobRetry, RETRY_KEY } from "../../model/job.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { readTextIfPresent } from "../system/read-if-present.ts";
import { folderOfJobs } from "./job-folder.ts";

/** Returns the name of the transient timer that starts a job's next attempt. */
export function retryTimer(service: string): string {
  return service.replace(/^muster-job-(.*)\.service$/, "muster-retry-$1.timer");
}

/** Returns the units that can start a job: the units that retry the job, replace its run, and handle its failure. */
export function jobHandlersOf(service: string): string[] {
  const word = service.replace(/^muster-job-(.*)\.service$/, "$1");
  return [`muster-retry-${word}.service`, `${JOB_REPLACE}${word}.service`, `${JOB_FAILED}${word}.service`];
}

/** Returns the retries that a job's unit declares; zero if the unit declares none or does not exist. */
export function retryOf(host: Host, service: string): JobRetry {
  const text = readTextIfPresent(`${host.paths.units}/${service}`, "ELOOP") ?? "";
  const [, retries = 0, after = 0] = new RegExp(`^${RETRY_KEY}=(\\d{1,2}) (\\d{1,5})$`, "m").exec(text) ?? [];
  return { retries: Number(retries), after: Number(after) };
}

/**
 * Returns how many consecutive attempts preceded the run that has just ended; 0 if this run was scheduled and not a
 * retry. The count is in a memory file system, so a reboot cancels retries.
 */
export function triesBefore(host: Host, service: string): number {
  const [tries, mark] = readOwn(triesFile(host, service))?.toString("utf8").split("\n") ?? [];
  return mark === BEGUN ? Number(tries) || 0 : 0;
}

/** The mark that a retry appends to the file with the count when the retry begins. */
const BEGUN = "begun";

/**
 * Makes systemd retry a job later, unless a scheduled run starts first.
 *
 * @param tries how many consecutive attempts have failed
 * @param run systemd's InvocationID of the run that has failed
 * @param after seconds until the retry
 * @returns why systemd did not accept the retry; empty if systemd accepted the retry
 */
export function retryLater(host: Host, service: string, tries: number, run: string, after: number): string {
  const file = triesFile(host, service);
  writeOwn(file, `${tries}\n`);
  const timer = retryTimer(service);
  const unit = timer.replace(/\.timer$/, "");
  // The units of the previous retry might still be active.
  host.run("systemctl", ["stop", "--", timer, `${unit}.service`]);
  const when = [`--on-active=${after}`, "--timer-property=AccuracySec=1s", "--collect", "--quiet"];
  const what = ["/bin/sh", "-c", TRY_AGAIN, "sh", service, run, file];
  const { status, stderr } = host.run("systemd-run", [...when, `--unit=${unit}`, "--", ...what]);
  return status === 0 ? "" : stderr.trim().split("\n")[0] || "systemd-run failed";
}

/**
 * The script of a retry. The script deletes the count if another run has started in the meantime, or after the retry
 * has succeeded. A retry that fails is handled like the first failure.
 */
const TRY_AGAIN =
  '[ "$(systemctl show -P InvocationID -- "$1")" = "$2" ] || exec rm -f -- "$3"; ' +
  `echo ${BEGUN} >>"$3"; systemctl start -- "$1" && exec rm -f -- "$3"; true`;

export function forgetRetries(host: Host, services: readonly string[]): void {
  for (const service of services) rmSync(triesFile(host, service), { force: true });
}

function triesFile(host: Host, service: string): string {
  return `${folderOfJobs(host)}/${service}`;
}
