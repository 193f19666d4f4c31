import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/**
 * Returns how many bytes a file or folder takes up on disk. Does not follow links. A folder that cannot be read counts
 * as empty.
 */
export function sizeOf(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  // st_blocks counts units of 512 bytes on every file system; stat(2).
  const own = stat.blocks * 512;
  if (!stat.isDirectory()) return own;
  return namesIn(path).reduce((sum, name) => sum + sizeOf(join(path, name)), own);
}

/** Formats a number of bytes for people: "1.4 GB". */
export function bytes(number: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(number, 1)) / 3), UNITS.length - 1);
  const value = number / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`;
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
