import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import { writeFileLocked } from "../../base/files.ts";
import { hasCode, reasonOf } from "../system/error-reason.ts";

/**
 * Replaces a file in the state folder with a file that only root can read. No other process must write the same file at
 * the same time.
 *
 * @throws MusterError that names the path if the system refuses the write, for example because the disk is full
 */
export function writeOwn(path: string, text: string | Uint8Array): void {
  try {
    // Other users must be able to traverse the folders, because agents' credentials
    // are also below the state folder.
    mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
    writeFileLocked(path, text, 0o600);
  } catch (error) {
    throw new MusterError({ what: path, why: reasonOf(error), cause: error });
  }
}

/**
 * Reads a file in the state folder; does not block on a FIFO.
 *
 * @returns the file's bytes; undefined if nothing is at the path
 * @throws MusterError if something other than a file is at the path
 */
export function readOwn(path: string): Buffer | undefined {
  const fd = openIfThere(path);
  if (fd === undefined) return undefined;
  try {
    if (!fstatSync(fd).isFile()) throw new MusterError({ what: path, why: "it is not a file" });
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
