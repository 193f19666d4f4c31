import { closeSync, constants, openSync, readSync, type Stats } from "node:fs";
import { type Entry, itself } from "./open-without-symlinks.ts";

/** The size limit in bytes. A larger file is not read; it is reported as "too large". */
export const SIZE_CAP = 16 * 1024 * 1024;

/**
 * Returns the type of an entry. A file with several names is reported as a `hard link`, because it can have another
 * name in a folder that Muster does not manage.
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
 * Reads an entry, which must be a file, through its handle. The entry's name is therefore not resolved again.
 *
 * @returns the file's bytes; undefined if the file has more than `cap` bytes
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

/**
 * Reads a file to its end, even if the file grows during the read.
 *
 * @returns undefined if the file has more than `cap` bytes
 */
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
