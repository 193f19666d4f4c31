import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  type Stats,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { posix } from "node:path";
import { MusterError } from "../../base/errors.ts";
import { asRoot, asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import {
  at,
  type Entry,
  type Handle,
  itself,
  split,
  withEntry,
  withFolder,
} from "../fs/open-without-symlinks.ts";
import { clearAway, discard, makeParentFolders, temporaryName } from "../fs/write.ts";
import { hasCode } from "../system/error-reason.ts";

export interface CopyOrder {
  readonly from: string;
  readonly to: string;
  /** The source is read with the rights of `reader`, and the copy is written with the rights of `writer`. */
  readonly reader: Account;
  readonly writer: Account;
  /**
   * Paths that fleet.yaml declares. A copy does not replace these files, and does not change the modes of these
   * folders.
   */
  readonly declared: ReadonlySet<string>;
  /**
   * The paths that an earlier copy has written, relative to `to`. A path is deleted if the source no longer contains
   * this path.
   */
  readonly before: readonly string[];
}

export interface Copied {
  /** The paths in the source, relative to the source; `.` is the source itself. */
  readonly paths: readonly string[];
  /** The paths that another process has changed during the copy. */
  readonly changed: readonly string[];
}

/** The place of an entry: the folder that contains it, and its name in this folder. */
interface Place {
  readonly folder: Handle;
  readonly name: string;
}

interface Walk extends CopyOrder {
  readonly paths: string[];
  readonly changed: string[];
}

/** The maximum depth of folders; deeper folders are most likely a loop of mounts. */
export const MOST_DEPTH = 100;

const CHUNK = 1024 * 1024;

/**
 * Copies a file, or a folder with its contents, to another account. Copies links as links and never follows them. Omits
 * sockets, FIFOs and devices, because they belong to running programs. Omits a file if its size and time have not
 * changed since an earlier copy.
 *
 * @throws MusterError if something cannot be copied
 */
export function copyTree(order: CopyOrder): Copied {
  const walk: Walk = { ...order, paths: [], changed: [] };
  const [from, to] = [split(order.from), split(order.to)];
  as(order.writer, () =>
    withFolder(
      to.parent,
      (target) =>
        as(order.reader, () =>
          withFolder(from.parent, (source) =>
            copyEntry(walk, { folder: source, name: from.name }, { folder: target, name: to.name }, "."),
          ),
        ),
      makeParentFolders(0o700),
    ),
  );
  removeOld(walk);
  return { paths: walk.paths, changed: walk.changed };
}

/** Does work with the rights of an account. Can be called while this process has the rights of another account. */
function as<T>(account: Account, work: () => T): T {
  return asRoot(() => asUser(account, work));
}

function copyEntry(walk: Walk, from: Place, to: Place, path: string): void {
  try {
    as(walk.reader, () =>
      withEntry(from.folder, from.name, (entry) => {
        if (entry === undefined) return void walk.changed.push(path);
        const { stats } = entry;
        walk.paths.push(path);
        if (stats.isSymbolicLink()) copyLink(walk, readlinkSync(at(from.folder, from.name)), to);
        else if (stats.isDirectory()) copyFolder(walk, entry, to, path);
        else if (stats.isFile()) copyFile(walk, entry, to, path);
        else walk.paths.pop();
      }),
    );
  } catch (error) {
    // An entry that disappears during the copy counts as changed.
    if (hasCode(error, "ENOENT")) walk.changed.push(path);
    else if (hasCode(error, ...Object.keys(REASONS))) throw notCopied(walk, path, error);
    else throw error;
  }
}

/** The reason why the system refused a copy, by the code of the error. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "its owner has no access to it, or the agent has no access to the folder of the copy.",
  EPERM: "the system does not allow it.",
  ENOSPC: "no space is left on the disk.",
  EDQUOT: "the quota of the agent's user is used up.",
  EROFS: "the folder of the copy is read-only.",
  EIO: "the disk has reported an error.",
};

/** @param cause the system's error, or the reason as text */
function notCopied({ from }: Walk, path: string, cause: unknown): MusterError {
  const why = typeof cause === "string" ? cause : REASONS[(cause as NodeJS.ErrnoException).code ?? ""];
  return new MusterError({
    what: `${posix.join(from, path)} was not copied`,
    why: why ?? "",
    next: "Correct this on the host, or copy less with `copies` of the agent. Nothing in the source has changed.",
  });
}

function copyLink({ writer }: Walk, target: string, { folder, name }: Place): void {
  as(writer, () => {
    const isSame = withEntry(folder, name, (old) =>
      old?.stats.isSymbolicLink() ? readlinkSync(at(folder, name)) === target : false,
    );
    if (isSame) return;
    clearAway(folder, name);
    symlinkSync(target, at(folder, name));
  });
}

function copyFolder(walk: Walk, { handle, stats }: Entry, { folder, name }: Place, path: string): void {
  if (path.split("/").length > MOST_DEPTH) throw notCopied(walk, path, "it has too many nested folders.");
  const names = namesIn(walk, handle, path);
  as(walk.writer, () => {
    withEntry(folder, name, (old) => {
      if (old?.stats.isDirectory()) return;
      if (old !== undefined) clearAway(folder, name);
      mkdirSync(at(folder, name), { mode: 0o700 });
    });
    withEntry(folder, name, (target) => {
      if (!target?.stats.isDirectory()) throw notCopied(walk, path, "its copy is no longer a folder.");
      const keeps = walk.declared.has(posix.join(walk.to, path));
      if (!keeps) setFolder(target.handle, (stats.mode & 0o777) | 0o700);
      for (const one of names)
        copyEntry(
          walk,
          { folder: handle, name: one },
          { folder: target.handle, name: one },
          posix.join(path, one),
        );
      if (!keeps) setFolder(target.handle, stats.mode & 0o777, stats);
    });
  });
}

function setFolder(handle: Handle, mode: number, times?: Stats): void {
  const fd = openSync(itself(handle), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    if (times !== undefined) utimesSync(itself(handle), times.atime, times.mtime);
    fchmodSync(fd, mode);
  } finally {
    closeSync(fd);
  }
}

function namesIn(walk: Walk, handle: Handle, path: string): string[] {
  return readdirSync(itself(handle), { encoding: "buffer" }).map((bytes) => {
    const name = bytes.toString("utf8");
    if (Buffer.from(name).equals(bytes)) return name;
    throw notCopied(walk, path, "the name of a file in it is not UTF-8.");
  });
}

function copyFile(walk: Walk, { handle, stats }: Entry, to: Place, path: string): void {
  const isKept = as(walk.writer, () =>
    withEntry(to.folder, to.name, (old) => {
      if (old === undefined) return false;
      return walk.declared.has(posix.join(walk.to, path)) || isSame(old.stats, stats);
    }),
  );
  if (isKept) return;
  const source = openSync(itself(handle), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    as(walk.writer, () => writeCopy(source, stats, to));
    const after = fstatSync(source);
    if (after.size !== stats.size || after.mtimeMs !== stats.mtimeMs) walk.changed.push(path);
  } finally {
    closeSync(source);
  }
}

/**
 * Whether a copy has the size, the time and the mode of its source. The system rounds times to microseconds, so times
 * can differ slightly.
 */
function isSame(copy: Stats, source: Stats): boolean {
  return (
    copy.isFile() &&
    copy.size === source.size &&
    copy.mode === ((source.mode & 0o777) | constants.S_IFREG) &&
    Math.abs(copy.mtimeMs - source.mtimeMs) < 0.01
  );
}

/** Writes a copy under a temporary name, and then puts it in the place of the old copy. */
function writeCopy(source: number, stats: Stats, { folder, name }: Place): void {
  const temporary = temporaryName(name);
  clearAway(folder, temporary);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(at(folder, temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (let read = 0, done = 0; ; done += read) {
      // Data that is appended during the copy is copied by the next copy.
      read = readSync(source, chunk, 0, Math.min(CHUNK, stats.size - done), done);
      if (read === 0) break;
      for (let written = 0; written < read; ) written += writeSync(fd, chunk, written, read - written);
    }
    fchmodSync(fd, stats.mode & 0o777);
    futimesSync(fd, stats.atime, stats.mtime);
    withEntry(folder, name, (old) => old?.stats.isDirectory() && clearAway(folder, name));
    renameSync(at(folder, temporary), at(folder, name));
  } catch (error) {
    discard(folder, temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * Deletes files that an earlier copy has written and that the source no longer has, such as the journal of a database.
 */
function removeOld({ before, paths, to, declared, writer }: Walk): void {
  const now = new Set(paths);
  const gone = before.filter((path) => !now.has(path) && !declared.has(posix.join(to, path)));
  for (const path of gone.toSorted().reverse()) {
    const { parent, name } = split(posix.join(to, path));
    try {
      as(writer, () => withFolder(parent, (folder) => discard(folder, name)));
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
    }
  }
}
