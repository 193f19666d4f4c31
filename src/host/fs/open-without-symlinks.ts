import { closeSync, constants, fstatSync, openSync, type Stats } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { hasCode } from "../system/error-reason.ts";

const { O_DIRECTORY, O_NOFOLLOW } = constants;

/**
 * O_PATH of open(2), which returns a handle without opening the file. The flag has the
 * same value on x86-64 and arm64.
 */
export const O_PATH = 0o10000000;

/** A handle on a folder or another entry. The handle is valid only inside the callback that receives it. */
export type Handle = number;

/**
 * Returns the path of `name` in a folder. This path replaces a call of openat(2), because Node does not offer
 * openat(2).
 */
export function at(folder: Handle, name: string): string {
  return `/proc/self/fd/${folder}/${name}`;
}

/**
 * Returns a path that always refers to a handle's entry, even if another entry is now at the original path.
 */
export function itself(handle: Handle): string {
  return `/proc/self/fd/${handle}`;
}

/** Creates a folder at a path component that is missing or is not a folder, or throws an error. */
export type MakeFolder = (parent: Handle, name: string) => void;

/**
 * Calls `use` with a handle on the folder at `path`. Each component is opened relative to the previous
 * component, and no symlink is followed, so nobody can redirect the walk to another folder.
 *
 * @throws an error with the code ENOENT or ENOTDIR if a component is missing or is not a folder
 */
export function withFolder<T>(path: string, use: (folder: Handle) => T, make?: MakeFolder): T {
  let folder = openSync("/", O_PATH | O_DIRECTORY);
  try {
    for (const name of components(path)) {
      const next = step(folder, name, make);
      closeSync(folder);
      folder = next;
    }
    return use(folder);
  } finally {
    closeSync(folder);
  }
}

/** Calls `use` with the entry at `name`, or with undefined if there is none. */
export function withEntry<T>(folder: Handle, name: string, use: (entry?: Entry) => T): T {
  let handle: Handle;
  try {
    handle = openSync(at(folder, name), O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return use();
    throw error;
  }
  try {
    return use({ handle, stats: fstatSync(handle) });
  } finally {
    closeSync(handle);
  }
}

export interface Entry {
  readonly handle: Handle;
  readonly stats: Stats;
}

/** Calls `use` with the entry at an absolute path, or with undefined if the path does not exist. */
export function withPathItem<T>(path: string, use: (entry?: Entry) => T): T {
  const { parent, name } = split(path);
  let reached = false;
  try {
    return withFolder(parent, (folder) => {
      reached = true;
      return withEntry(folder, name, use);
    });
  } catch (error) {
    if (reached || !hasCode(error, "ENOENT", "ENOTDIR")) throw error;
    return use();
  }
}

/** Splits an absolute path into its parent folder and its last name. */
export function split(path: string): { parent: string; name: string } {
  const names = components(path);
  const name = names.pop();
  if (name === undefined) throw new MusterError({ what: path, why: "the root folder cannot be managed" });
  return { parent: `/${names.join("/")}`, name };
}

/** Splits a plain absolute path into its components. @throws MusterError for any other path */
export function components(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  const plain = path.startsWith("/") && !names.some((name) => name === "." || name === "..");
  if (!plain || path.includes("\0"))
    throw new MusterError({ what: path, why: "it is not a plain absolute path" });
  return names;
}

function step(folder: Handle, name: string, make?: MakeFolder): Handle {
  const flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
  try {
    return openSync(at(folder, name), flags);
  } catch (error) {
    if (make === undefined || !hasCode(error, "ENOENT", "ENOTDIR")) throw error;
    make(folder, name);
    return openSync(at(folder, name), flags);
  }
}
