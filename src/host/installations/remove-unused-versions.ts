import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync } from "node:fs";
import type { HostRecord } from "../../model/host-record.ts";
import { installationName } from "../../model/installation.ts";
import type { Host } from "../context.ts";
import { listFolder } from "../system/read-if-present.ts";
import { installedDigest } from "./installed-files.ts";

/** Returns the name of the folder in which this process installs a version. */
export function temporaryName(): string {
  return `.new-${process.pid}`;
}

/**
 * Returns the name of the file that marks a version as needed by a session, although no record declares the version
 * yet. Because of this mark, other runs and other resources do not remove the version.
 */
export function pendingName(session: number, name: string): string {
  return `.pending-${session}-${name}`;
}

/**
 * Removes the versions of runtimes that nothing needs. A version is needed if a record declares it, if it is the
 * version before a declared version, if a process runs from this version, or if a unit starts it. Also removes the
 * temporary files of killed runs.
 */
export function sweepInstallations(host: Host, records: readonly HostRecord[]): void {
  const { installations, archives } = host.paths;
  const declared = declaredIn(records);
  for (const name of listFolder(archives))
    if (!isOfLivingProcess(name)) rmSync(`${archives}/${name}`, { recursive: true, force: true });
  for (const runtime of listFolder(installations)) {
    const parent = `${installations}/${runtime}`;
    const wanted = declared.get(runtime) ?? new Set();
    const now = new Date();
    for (const name of wanted) {
      // The time shows which version was used last.
      if (installedDigest(`${parent}/${name}`) !== undefined) utimesSync(`${parent}/${name}`, now, now);
    }
    const names = listFolder(parent);
    const pending = names.flatMap((name) => (isOfLivingProcess(name) ? [name.replace(PENDING, "")] : []));
    const isNeeded = (name: string) => wanted.has(name) || pending.includes(name) || isOfLivingProcess(name);
    for (const name of names) {
      const isMet = PENDING.test(name) && wanted.has(name.replace(PENDING, ""));
      if (isMet) rmSync(`${parent}/${name}`, { force: true });
    }
    const others = listFolder(parent).filter((name) => !isNeeded(name));
    const complete = others
      .filter((name) => !name.startsWith("."))
      .sort((a, b) => timeOf(parent, b) - timeOf(parent, a));
    const kept = wanted.size > 0 ? complete.slice(0, 1) : [];
    for (const name of others)
      if (!kept.includes(name) && !isUsed(host, `${parent}/${name}`))
        rmSync(`${parent}/${name}`, { recursive: true, force: true });
    if (listFolder(parent).length === 0) rmSync(parent, { recursive: true, force: true });
  }
}

function declaredIn(records: readonly HostRecord[]): Map<string, Set<string>> {
  const declared = new Map<string, Set<string>>();
  for (const { items } of records) {
    for (const item of Object.values(items)) {
      if (item.kind !== "installation") continue;
      const names = declared.get(item.name) ?? new Set();
      declared.set(item.name, names.add(installationName(item.want.version, item.want.integrity)));
    }
  }
  return declared;
}

const PENDING = /^\.pending-\d+-/;

/** Whether the name of a temporary file or folder has the PID of a process that still runs. */
function isOfLivingProcess(name: string): boolean {
  const pid = /^(?:\.new-|\.pending-|)(\d+)(?:-|$)/.exec(name)?.[1];
  return pid !== undefined && statSync(`/proc/${pid}`, { throwIfNoEntry: false }) !== undefined;
}

function timeOf(parent: string, name: string): number {
  return statSync(`${parent}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isUsed(host: Host, folder: string): boolean {
  return processesIn(`${folder}/`) || unitTexts(host).some((text) => text.includes(`${folder}/`));
}

/** Whether any process runs a program from a folder. */
function processesIn(folder: string): boolean {
  return readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/exe`).startsWith(folder);
    } catch {
      return false;
    }
  });
}

/** Returns the texts of all units and drop-ins on the disk, including the drop-ins for other providers. */
function unitTexts({ paths }: Host): string[] {
  const choices = `${paths.hostd}/choices`;
  const folders = [
    paths.units,
    ...listFolder(paths.units).flatMap((name) => (name.endsWith(".d") ? [`${paths.units}/${name}`] : [])),
    ...listFolder(choices).map((name) => `${choices}/${name}`),
  ];
  return folders.flatMap((folder) =>
    listFolder(folder).flatMap((name) => {
      try {
        return /\.(service|conf)$/.test(name) ? [readFileSync(`${folder}/${name}`, "utf8")] : [];
      } catch {
        return [];
      }
    }),
  );
}
