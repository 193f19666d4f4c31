import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Replaces a file by rename, so that a reader sees the old or the new text and never a part. */
export function writeFileAtomic(path: string, text: string | Uint8Array, mode = 0o644): void {
  replace(path, randomBytes(6).toString("hex"), text, mode);
}

/**
 * The same for the one who holds the lock on the file. The new text stands under a fixed name until it is whole,
 * so that what a killed run left there is overwritten by the next.
 */
export function writeFileLocked(path: string, text: string | Uint8Array, mode = 0o644): void {
  rmSync(temporaryOf(path, "new"), { force: true });
  replace(path, "new", text, mode);
}

function replace(path: string, ending: string, text: string | Uint8Array, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = temporaryOf(path, ending);
  const fd = openSync(temporary, "wx", mode);
  try {
    // Not writeSync, which on a disk that fills up writes a part and says nothing.
    writeFileSync(fd, text);
    fsyncSync(fd);
    closeSync(fd);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function temporaryOf(path: string, ending: string): string {
  return join(dirname(path), `.${basename(path)}.${ending}`);
}
