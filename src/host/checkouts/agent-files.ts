import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "../system/error-reason.ts";

// All functions of this file open paths that an agent can change. They must be called with the agent's rights.

/** Reads a regular file, without blocking on a FIFO. @returns undefined if there is no file, or if it is too large */
export function readAgentFile(path: string, most = 16 * 1024 * 1024): Buffer | undefined {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  let fd: number | undefined;
  try {
    fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    const stats = fstatSync(fd);
    return stats.isFile() && stats.size <= most ? readFileSync(fd) : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EACCES")) return undefined;
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Replaces a file atomically, and creates its folder. */
export function replaceAgentFile(path: string, bytes: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.muster-new`;
  rmSync(temporary, { recursive: true, force: true });
  writeFileSync(temporary, bytes, { mode, flag: "wx" });
  renameSync(temporary, path);
}

export function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

export function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() === true;
}
