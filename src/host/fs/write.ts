import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { hasCode } from "../system/error-reason.ts";
import { at, type Handle, itself, type MakeFolder } from "./open-without-symlinks.ts";

export interface FileAttributes {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/**
 * Replaces the entry at `name` with a file, atomically: readers see either the old
 * file or the complete new file.
 *
 * @param keepOld called when the new file is complete, directly before it replaces the old entry
 */
export function replaceFile(
  folder: Handle,
  name: string,
  bytes: Uint8Array,
  attributes: FileAttributes,
  keepOld = () => {},
): void {
  // The temporary name is fixed, so that the next run overwrites what a killed run has left.
  const temporary = temporaryName(name);
  clearAway(folder, temporary);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(at(folder, temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeAll(fd, bytes);
    fchownSync(fd, attributes.uid, attributes.gid);
    fchmodSync(fd, attributes.mode);
    fsyncSync(fd);
    keepOld();
    moveInto(folder, temporary, name);
  } catch (error) {
    discard(folder, temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
  syncFolder(folder);
}

/** Returns the name of the temporary file that contains a file's new bytes until they are complete. */
export function temporaryName(name: string): string {
  return `.${name}.muster-new`;
}

/** Sets the owner, group and mode of exactly the entry that a handle refers to. */
export function setAttributes(handle: Handle, { uid, gid, mode }: FileAttributes): void {
  chownSync(itself(handle), uid, gid);
  chmodSync(itself(handle), mode);
}

/** Removes the entry at `name` unless it is a folder; does nothing if there is no entry. */
function removeFile(folder: Handle, name: string): void {
  ignoring(["ENOENT"], () => unlinkSync(at(folder, name)));
}

/**
 * Frees a name: an empty folder is removed, a folder with contents is renamed to
 * `<name>.muster-aside-<time>`, and any other entry is unlinked.
 */
export function clearAway(folder: Handle, name: string): void {
  const isFolder = ignoring(["EISDIR"], () => removeFile(folder, name)) === "ignored";
  if (!isFolder) return;
  const isFull = ignoring(["ENOTEMPTY", "EEXIST"], () => rmdirSync(at(folder, name))) === "ignored";
  if (isFull) setAside(folder, name);
}

/** Removes the entry at `name` unless it is a folder with contents; does nothing if there is no entry. */
export function discard(folder: Handle, name: string): void {
  const isFolder = ignoring(["EISDIR"], () => removeFile(folder, name)) === "ignored";
  if (isFolder) removeEmptyFolder(folder, name);
}

/** Renames an entry within its folder, so that its old name is free. @returns the new name */
export function setAside(folder: Handle, name: string): string {
  const aside = `${name}.muster-aside-${compactTime()}`;
  renameSync(at(folder, name), at(folder, aside));
  return aside;
}

/**
 * Returns the current time in UTC, such as 20260102T030405678Z. This text sorts by time
 * and can be part of a file name.
 */
export function compactTime(): string {
  return new Date().toISOString().replaceAll(/[-:.]/g, "");
}

/** Removes an empty folder. @returns false if it has contents or is not a folder */
export function removeEmptyFolder(folder: Handle, name: string): boolean {
  return ignoring(["ENOTEMPTY", "EEXIST", "ENOTDIR"], () => removeFolder(folder, name)) === "done";
}

/**
 * Returns a callback that creates the missing parent folders of a file.
 *
 * @param clear frees the folder's name if another entry has this name; if absent, such an entry is an error
 */
export function makeParentFolders(mode: number, clear?: MakeFolder): MakeFolder {
  return (parent, name) => {
    clear?.(parent, name);
    mkdirSync(at(parent, name), { mode });
  };
}

export function syncFolder(folder: Handle): void {
  const fd = openSync(itself(folder), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function removeFolder(folder: Handle, name: string): void {
  ignoring(["ENOENT"], () => rmdirSync(at(folder, name)));
}

function moveInto(folder: Handle, from: string, to: string): void {
  try {
    renameSync(at(folder, from), at(folder, to));
  } catch (error) {
    if (!hasCode(error, "EISDIR", "ENOTDIR", "ENOTEMPTY", "EEXIST")) throw error;
    clearAway(folder, to);
    renameSync(at(folder, from), at(folder, to));
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

function ignoring(codes: readonly string[], act: () => void): "done" | "ignored" {
  try {
    act();
    return "done";
  } catch (error) {
    if (!hasCode(error, ...codes)) throw error;
    return "ignored";
  }
}
