import { rmSync, statSync } from "node:fs";
import { type JobName, jobWord, parseJobWord } from "../../model/job.ts";
import type { Host } from "../context.ts";
import { writeOwn } from "../store/state-files.ts";
import { listFolder } from "../system/read-if-present.ts";
import { folderOfJobs } from "./job-folder.ts";

/** Records, for the metrics, that the last attempt of a job has failed now. The record is lost at a reboot. */
export function noteFailedJob(host: Host, name: JobName): void {
  writeOwn(fileOf(host, jobWord(name)), "");
}

/** Returns the jobs that have failed, and when they last failed, in seconds since 1970. */
export function readFailedJobs(host: Host): (JobName & { readonly at: number })[] {
  return listFolder(folderOfJobs(host)).flatMap((file) => {
    const name = parseJobWord(/^failed-(.+)$/.exec(file)?.[1] ?? "");
    const stats = name && statSync(`${folderOfJobs(host)}/${file}`, { throwIfNoEntry: false });
    return name === undefined || stats === undefined
      ? []
      : [{ ...name, at: Math.round(stats.mtimeMs / 1000) }];
  });
}

export function forgetFailedJobs(host: Host, names: readonly JobName[]): void {
  for (const name of names) rmSync(fileOf(host, jobWord(name)), { force: true });
}

function fileOf(host: Host, word: string): string {
  return `${folderOfJobs(host)}/failed-${word}`;
}
