import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { digestOf } from "../../model/digest.ts";
import { asRoot } from "../accounts/as-user.ts";
import type { Host } from "../context.ts";
import { at, type Handle, withEntry, withFolder } from "../fs/open-without-symlinks.ts";
import { readEntry } from "../fs/read.ts";
import { compactTime, setAttributes } from "../fs/write.ts";
import { hasCode } from "../system/error-reason.ts";
import { withHostLock } from "../system/locks.ts";
import { writeOwn } from "./state-files.ts";

/**
 * Copies of entries that Muster has replaced on a host although Muster did not write them: former texts of files, and
 * entries that were at the path of a declared file or folder. Only root can read these copies.
 */

/**
 * The maximum total size in bytes of the former texts on a host. If the texts exceed this size, the oldest texts are
 * deleted.
 */
export const MOST_KEPT = 256 * 1024 * 1024;

/** The place of an entry. `path` contains no link. */
export interface KeepPlace {
  readonly folder: Handle;
  readonly name: string;
  readonly path: string;
}

/** Returns the folder that contains all kept entries. */
export function keptFolder(host: Host): string {
  return `${host.paths.aside}/overwritten`;
}

/**
 * Keeps a copy of the former bytes of a file. The same bytes of the same file are kept only once.
 *
 * @returns the path of the copy
 */
export function keepBytes(host: Host, path: string, bytes: Buffer): string {
  return asRoot(() => withHostLock(host, () => `${keptFolder(host)}/${keepOnce(host, path, bytes)}`));
}

function keepOnce(host: Host, path: string, bytes: Buffer): string {
  const [start, digest] = [startOf(path), digestOf(bytes).slice("sha256:".length, "sha256:".length + 12)];
  const names = keptNames(host);
  const known = names.find((name) => name.startsWith(start) && isCopy(name, start, digest));
  if (known !== undefined) return known;
  const name = `${start}${compactTime()}-${digest}`;
  writeOwn(`${makeKeptFolder(host)}/${name}`, bytes);
  for (const left of names.filter((one) => one.startsWith("."))) rmSync(`${keptFolder(host)}/${left}`);
  deleteOldest(host, name);
  return name;
}

/**
 * Moves an entry to a place that only root can reach. If this place is in another mount, a file is copied, and any
 * other entry gets a new name in its own folder.
 *
 * @param onKept receives the new path before the move, so that the path is recorded even if the run is killed
 */
export function moveAside(host: Host, place: KeepPlace, onKept: (path: string) => void): void {
  asRoot(() => {
    const folder = makeKeptFolder(host);
    if (isSameMount(folder, place.folder)) {
      moveTo(place, `${folder}/${startOf(place.path)}${compactTime()}`, onKept);
    } else if (!copyFile(host, place, onKept)) {
      renameBeside(place, onKept);
    }
  });
}

function isSameMount(path: string, folder: Handle): boolean {
  return withFolder(path, (other) => mountOf(other) === mountOf(folder));
}

/** Returns the kernel's number of the mount that contains an entry. An entry can be renamed only within its mount. */
function mountOf(handle: Handle): string {
  return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${handle}`, "utf8"))?.[1] ?? "";
}

function moveTo({ folder, name }: KeepPlace, path: string, onKept: (path: string) => void): void {
  onKept(path);
  giveToRoot(folder, name);
  renameSync(at(folder, name), path);
}

/** Copies a plain file of any readable size, and removes it. @returns false if the entry is not such a file */
function copyFile(host: Host, { folder, name, path }: KeepPlace, onKept: (path: string) => void): boolean {
  const bytes = withEntry(folder, name, (entry) => (entry?.stats.isFile() ? readEntry(entry) : undefined));
  if (bytes === undefined) return false;
  onKept(keepBytes(host, path, bytes));
  rmSync(at(folder, name));
  return true;
}

function renameBeside({ folder, name, path }: KeepPlace, onKept: (path: string) => void): void {
  const beside = `.muster-aside-${name}-${compactTime()}`;
  onKept(`${dirname(path)}/${beside}`);
  giveToRoot(folder, name);
  renameSync(at(folder, name), at(folder, beside));
}

/** Changes an entry's owner to root, unless the entry is a link or has several names. */
function giveToRoot(folder: Handle, name: string): void {
  withEntry(folder, name, (entry) => {
    if (entry === undefined || entry.stats.isSymbolicLink()) return;
    if (!entry.stats.isDirectory() && entry.stats.nlink > 1) return;
    const mode = entry.stats.isDirectory() ? 0o700 : 0o600;
    setAttributes(entry.handle, { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mode });
  });
}

function makeKeptFolder(host: Host): string {
  mkdirSync(keptFolder(host), { recursive: true, mode: 0o700 });
  return keptFolder(host);
}

function keptNames(host: Host): string[] {
  try {
    return readdirSync(keptFolder(host));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return [];
  }
}

/** Returns the prefix of the names of all copies of a path. A file name has at most 255 bytes. */
function startOf(path: string): string {
  return `${path.slice(1).replaceAll("/", "~").slice(-180)}-`;
}

/** Whether a name is `<start><time>-<digest>`. */
function isCopy(name: string, start: string, digest: string): boolean {
  return name.slice(start.length).replace(/^\d{8}T\d{9}Z-/, "") === digest;
}

function timeOf(name: string): string {
  return /-(\d{8}T\d{9}Z)(-[0-9a-f]{12})?$/.exec(name)?.[1] ?? "";
}

/** Deletes the oldest former texts until the remaining texts are within the limit. The newest text is always kept. */
function deleteOldest(host: Host, newest: string): void {
  const files = keptNames(host)
    .map((name) => ({ name, stats: lstatSync(`${keptFolder(host)}/${name}`) }))
    .filter(({ name, stats }) => name !== newest && stats.isFile())
    .sort((a, b) => timeOf(b.name).localeCompare(timeOf(a.name)));
  let total = lstatSync(`${keptFolder(host)}/${newest}`).size;
  for (const { name, stats } of files) {
    total += stats.size;
    if (total > MOST_KEPT) rmSync(`${keptFolder(host)}/${name}`);
  }
}
