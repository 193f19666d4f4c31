import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from "node:fs";
import { dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import { compactTime } from "../fs/write.ts";
import { hasCode } from "../system/error-reason.ts";
import { listFolder } from "../system/read-if-present.ts";
import { editLinesOf } from "./edit-passwd.ts";
import type { Account } from "./read-accounts.ts";

/**
 * Renames a user's data outside the user's home: the crontab, the linger file and the subordinate ids. Ignores data
 * that already has the new name.
 */
export function renameNamedData(host: Host, from: string, to: string): void {
  if (isThere(crontabOf(host, from))) {
    setCrontabAside(host, to);
    renameSync(crontabOf(host, from), crontabOf(host, to));
  }
  if (isThere(lingerOf(host, from))) renameSync(lingerOf(host, from), lingerOf(host, to));
  for (const path of subordinateIds(host)) editLinesOf(path, from, (line) => to + line.slice(from.length));
}

/** Makes cron and logind read the renamed data after the user has been renamed. */
export function announceNamedData(host: Host, name: string): void {
  const now = new Date();
  // cron reads its crontabs again only when the time of their folder changes.
  if (isThere(crontabOf(host, name))) utimesSync(host.paths.crontabs, now, now);
  if (isThere(lingerOf(host, name))) host.run("loginctl", ["enable-linger", name]);
}

/**
 * Removes a user's data outside the user's home, so that no later user with the same name or number inherits it.
 * Archives the crontab and the jobs of at(1). userdel(8) removes the subordinate ids and groups.
 *
 * @returns the paths of the archives
 */
export function setNamedDataAside(host: Host, { name, uid }: Pick<Account, "name" | "uid">): string[] {
  if (isThere(lingerOf(host, name))) {
    host.run("loginctl", ["disable-linger", name]);
    rmSync(lingerOf(host, name), { force: true });
  }
  return [...setCrontabAside(host, name), ...setAtJobsAside(host, name, uid)];
}

/** Returns the names of the user's data outside the home. A move to another host does not copy this data. */
export function namedDataOf(host: Host, { name, uid }: Pick<Account, "name" | "uid">): string[] {
  const { atJobs } = host.paths;
  const jobs = listFolder(atJobs).filter((job) => isFileOf(`${atJobs}/${job}`, uid));
  return [
    ...(isThere(crontabOf(host, name)) ? ["its crontab"] : []),
    ...(jobs.length > 0 ? ["its jobs of at(1)"] : []),
    ...(isThere(lingerOf(host, name)) ? ["linger"] : []),
  ];
}

/** Removes the crontab and the linger file of an earlier user with this name, before a new user gets the name. */
export function clearName(host: Host, name: string): void {
  setCrontabAside(host, name);
  rmSync(lingerOf(host, name), { force: true });
}

function setCrontabAside(host: Host, name: string): string[] {
  return setAside(host, crontabOf(host, name), `${name}-${compactTime()}.crontab`);
}

/** Archives a user's jobs of at(1). The files of these jobs contain the user's number, but not the user's name. */
function setAtJobsAside(host: Host, name: string, uid: number): string[] {
  const { atJobs } = host.paths;
  return listFolder(atJobs)
    .map((job) => ({ job, path: `${atJobs}/${job}` }))
    .filter(({ path }) => isFileOf(path, uid))
    .flatMap(({ job, path }) => setAside(host, path, `${name}-${compactTime()}.at-${job}`));
}

function isFileOf(path: string, uid: number): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.uid === uid;
}

/** Moves a file to the archive folder, where only root can read the file. Does nothing if there is no such file. */
function setAside(host: Host, path: string, archive: string): string[] {
  if (!isThere(path)) return [];
  const target = `${host.paths.aside}/${archive}`;
  mkdirSync(host.paths.aside, { recursive: true, mode: 0o700 });
  moveTo(host, path, target);
  if (lstatSync(target).isFile()) {
    chownSync(target, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    chmodSync(target, 0o600);
  }
  return [target];
}

function moveTo(host: Host, path: string, target: string): void {
  try {
    renameSync(path, target);
  } catch (error) {
    if (!hasCode(error, "EXDEV")) throw error;
    const { status, stderr } = host.run("mv", ["--", path, target]);
    if (status !== 0)
      throw new MusterError({ what: path, why: stderr.trim() || `mv to ${dirname(target)} failed` });
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function crontabOf({ paths }: Host, user: string): string {
  return `${paths.crontabs}/${user}`;
}

function lingerOf({ paths }: Host, user: string): string {
  return `${paths.linger}/${user}`;
}

function subordinateIds({ paths }: Host): string[] {
  return [`${paths.etc}/subuid`, `${paths.etc}/subgid`].filter((path) => existsSync(path));
}
