import { closeSync, constants, fstatSync, openSync, type Stats } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { hasCode } from "../system/error-reason.ts";

const { O_DIRECTORY, O_NOFOLLOW } = constants;

/** O_PATH of open(2): a handle without opening the file; the same number on x86-64 and arm64. */
const O_PATH = 0o10000000;

/** A handle on a folder or on a thing; only good inside the callback that gets it. */
export type Handle = number;

/** Reaches `name` in a folder by its handle: what openat(2) does, which Node does not offer. */
export function at(folder: Handle, name: string): string {
  return `/proc/self/fd/${folder}/${name}`;
}

/** The path of what a handle is on, whatever is at its original path by now. */
export function itself(handle: Handle): string {
  return `/proc/self/fd/${handle}`;
}

/** Called where a component of the path is missing or is no folder; makes one there, or throws. */
export type MakeFolder = (parent: Handle, name: string) => void;

/**
 * Calls `use` with a handle on the folder at `path`. Every component is opened from the one before
 * and no symlink is followed, so nobody can redirect the walk meanwhile.
 *
 * @throws with code ENOENT or ENOTDIR where a component is missing or is no folder
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

/** Calls `use` with a handle on the entry at `name` and its stats; without them if there is none. */
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

/** Calls `use` with the entry at an absolute path; without one if a folder on the way does not exist. */
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

/** An absolute path's folder and its last name. */
export function split(path: string): { parent: string; name: string } {
  const names = components(path);
  const name = names.pop();
  if (name === undefined) throw new MusterError({ what: path, why: "the root folder is nobody's item" });
  return { parent: `/${names.join("/")}`, name };
}

function components(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  const plain = path.startsWith("/") && !names.some((name) => name === "." || name === "..");
  if (!plain || path.includes("\0")) throw new MusterError({ what: path, why: "not a plain absolute path" });
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
