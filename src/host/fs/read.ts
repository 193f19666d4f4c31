import { closeSync, constants, openSync, readSync, type Stats } from "node:fs";
import { type Entry, itself } from "./walk.ts";

/** The size limit in bytes. A larger file is not read, but reported as "too large". */
export const SIZE_CAP = 16 * 1024 * 1024;

/**
 * Returns the type of an entry. A file with several names is a `hard link`, because one of the names may be
 * outside the tree.
 */
export function typeOf(stats: Stats): string {
  if (stats.isFile()) return stats.nlink === 1 ? "file" : "hard link";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  return stats.isSocket() ? "socket" : "device";
}

/** Returns an entry's permissions as four octal digits. */
export function modeOf(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, "0");
}

/**
 * Reads an entry through its handle, so that its name is not resolved again. The entry must be a file.
 *
 * @returns the file's bytes; undefined if there are more than `cap`
 */
export function readEntry({ handle, stats }: Entry, cap = SIZE_CAP): Buffer | undefined {
  if (stats.size > cap) return undefined;
  const fd = openSync(itself(handle), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return readAll(fd, stats.size, cap);
  } finally {
    closeSync(fd);
  }
}

/** Reads a file to its end, even if the file grows meanwhile. @returns undefined if it exceeds `cap` */
function readAll(fd: number, expected: number, cap: number): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let total = 0; total <= cap; ) {
    const part = Buffer.allocUnsafe(total === 0 ? expected + 1 : 65536);
    const count = readSync(fd, part, 0, part.length, total);
    if (count === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, count));
    total += count;
  }
  return undefined;
}
