import { rmSync } from "node:fs";
import { JOB_FAILED, JOB_REPLACE, type JobRetry, RETRY_KEY } from "../../model/job.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/files.ts";
import { readTextIfPresent } from "../system/read-if-present.ts";
import { folderOfJobs } from "./job-folder.ts";

/** The transient timer that starts a job's next try. */
export function retryTimer(service: string): string {
  return service.replace(/^muster-job-(.*)\.service$/, "muster-retry-$1.timer");
}

/** The units that may be starting a run of a job: a retry, the replacement of the last run, or the handler of a failure. */
export function jobHandlersOf(service: string): string[] {
  const word = service.replace(/^muster-job-(.*)\.service$/, "$1");
  return [`muster-retry-${word}.service`, `${JOB_REPLACE}${word}.service`, `${JOB_FAILED}${word}.service`];
}

/** The retries that a job's unit declares; none if it declares none or is gone. */
export function retryOf(host: Host, service: string): JobRetry {
  const text = readTextIfPresent(`${host.paths.units}/${service}`, "ELOOP") ?? "";
  const [, retries = 0, after = 0] = new RegExp(`^${RETRY_KEY}=(\\d{1,2}) (\\d{1,5})$`, "m").exec(text) ?? [];
  return { retries: Number(retries), after: Number(after) };
}

/**
 * How often a job was tried before the run that ended just now; 0 where that was no try, but one of its times. Kept in
 * memory: after a boot nothing is tried again.
 */
export function triesBefore(host: Host, service: string): number {
  const [tries, mark] = readOwn(triesFile(host, service))?.toString("utf8").split("\n") ?? [];
  return mark === BEGUN ? Number(tries) || 0 : 0;
}

/** The mark that a try writes after the count when it begins. */
const BEGUN = "begun";

/**
 * Has systemd start a job once more, unless it ran again by itself until then: that was the next of its times.
 *
 * @param tries how often it was tried in a row
 * @param run the run that failed, by systemd's InvocationID
 * @returns why it will not; empty where it will
 */
export function retryLater(host: Host, service: string, tries: number, run: string, after: number): string {
  const file = triesFile(host, service);
  writeOwn(file, `${tries}\n`);
  const timer = retryTimer(service);
  const unit = timer.replace(/\.timer$/, "");
  // The try before may not be quite over.
  host.run("systemctl", ["stop", "--", timer, `${unit}.service`]);
  const when = [`--on-active=${after}`, "--timer-property=AccuracySec=1s", "--collect", "--quiet"];
  const what = ["/bin/sh", "-c", TRY_AGAIN, "sh", service, run, file];
  const { status, stderr } = host.run("systemd-run", [...when, `--unit=${unit}`, "--", ...what]);
  return status === 0 ? "" : stderr.trim().split("\n")[0] || "systemd-run failed";
}

/** The count is deleted after a successful try, or another run; a failed try is handled as the first failure was. */
const TRY_AGAIN =
  '[ "$(systemctl show -P InvocationID -- "$1")" = "$2" ] || exec rm -f -- "$3"; ' +
  `echo ${BEGUN} >>"$3"; systemctl start -- "$1" && exec rm -f -- "$3"; true`;

export function forgetRetries(host: Host, services: readonly string[]): void {
  for (const service of services) rmSync(triesFile(host, service), { force: true });
}

function triesFile(host: Host, service: string): string {
  return `${folderOfJobs(host)}/${service}`;
}
