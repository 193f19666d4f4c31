import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Replaces a file atomically: a reader sees either the complete old text or the complete new text. */
export function writeFileAtomic(path: string, text: string | Uint8Array, mode = 0o644): void {
  replace(path, randomBytes(6).toString("hex"), text, mode);
}

/**
 * Replaces a file atomically. The caller must hold a lock on the file. The temporary file has a fixed name, so that the
 * next run can remove a temporary file that a killed run left.
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
    // writeSync is not used, because it does not fail if a full disk allows only a part of the text.
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
