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
import { at, type Handle, itself, type MakeFolder } from "./walk.ts";

export interface FileAttributes {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Replaces whatever is at `name` with a file: readers see the old one or the complete new one. */
export function replaceFile(
  folder: Handle,
  name: string,
  bytes: Uint8Array,
  attributes: FileAttributes,
): void {
  // A fixed name, so that what a killed run left is overwritten by the next.
  const temporary = temporaryName(name);
  clearAway(folder, temporary);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(at(folder, temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeAll(fd, bytes);
    fchownSync(fd, attributes.uid, attributes.gid);
    fchmodSync(fd, attributes.mode);
    fsyncSync(fd);
    moveInto(folder, temporary, name);
  } catch (error) {
    discard(folder, temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
  syncFolder(folder);
}

/** The name of a file's new bytes until they are complete. */
export function temporaryName(name: string): string {
  return `.${name}.muster-new`;
}

/** Sets the group, owner and mode of the very thing that a handle is on. */
export function setAttributes(handle: Handle, { uid, gid, mode }: FileAttributes): void {
  chownSync(itself(handle), uid, gid);
  chmodSync(itself(handle), mode);
}

/** Removes whatever is at `name` except a folder; does nothing if there is nothing. */
function removeFile(folder: Handle, name: string): void {
  ignoring(["ENOENT"], () => unlinkSync(at(folder, name)));
}

/**
 * Frees a name: an empty folder is removed, any other folder kept beside as `<name>.muster-aside-<time>`,
 * everything else is unlinked.
 */
export function clearAway(folder: Handle, name: string): void {
  const isFolder = ignoring(["EISDIR"], () => removeFile(folder, name)) === "ignored";
  if (!isFolder) return;
  const isFull = ignoring(["ENOTEMPTY", "EEXIST"], () => rmdirSync(at(folder, name))) === "ignored";
  if (isFull) setAside(folder, name);
}

/** Removes whatever is at `name` except a folder with contents; does nothing if there is nothing. */
export function discard(folder: Handle, name: string): void {
  const isFolder = ignoring(["EISDIR"], () => removeFile(folder, name)) === "ignored";
  if (isFolder) removeEmptyFolder(folder, name);
}

/** Renames a thing beside itself. @returns its new name */
export function setAside(folder: Handle, name: string): string {
  const aside = `${name}.muster-aside-${compactTime()}`;
  renameSync(at(folder, name), at(folder, aside));
  return aside;
}

/** UTC, such as 20260102T030405678Z: sorts, and needs no escaping anywhere. */
export function compactTime(): string {
  return new Date().toISOString().replaceAll(/[-:.]/g, "");
}

/** Removes a folder that is empty. @returns false where it is not, or is no folder */
export function removeEmptyFolder(folder: Handle, name: string): boolean {
  return ignoring(["ENOTEMPTY", "EEXIST", "ENOTDIR"], () => removeFolder(folder, name)) === "done";
}

/** For withFolder: makes a missing folder, and may clear away what is in its place. */
export function makeParentFolders(mode: number, mayClear: boolean): MakeFolder {
  return (parent, name) => {
    if (mayClear) clearAway(parent, name);
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
