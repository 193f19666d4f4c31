import { opendirSync } from "node:fs";
import { itself, withFolder, withPathItem } from "../fs/open-without-symlinks.ts";
import { readEntry, typeOf } from "../fs/read.ts";

/** Size limit in bytes for a crontab or a unit file. Both are usually much smaller. */
const CAP = 256 * 1024;

/** The maximum number of names that are read from one folder. */
const MAX_NAMES = 2000;

/** Returns the text of a plain file; undefined if it is not a plain file, is too large or cannot be read. */
export function textAt(path: string): string | undefined {
  return orNothing(() =>
    withPathItem(path, (entry) => {
      if (entry === undefined || typeOf(entry.stats) !== "file") return undefined;
      return readEntry(entry, CAP)?.toString("utf8");
    }),
  );
}

/** Returns the names in a folder, up to a limit; an empty list if it is not a folder or cannot be read. */
export function namesAt(path: string): string[] {
  return orNothing(() => withFolder(path, (folder) => someNames(itself(folder)))) ?? [];
}

function someNames(path: string): string[] {
  const folder = opendirSync(path);
  try {
    const names: string[] = [];
    for (let entry = folder.readSync(); entry !== null && names.length < MAX_NAMES; entry = folder.readSync())
      names.push(entry.name);
    return names.sort();
  } finally {
    folder.closeSync();
  }
}

/**
 * Calls `read`. On any error, returns undefined, so that one unreadable file does not hide the other results.
 */
export function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
