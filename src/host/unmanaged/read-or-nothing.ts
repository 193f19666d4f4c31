import { opendirSync } from "node:fs";
import { readEntry, typeOf } from "../fs/read.ts";
import { itself, withFolder, withPathItem } from "../fs/walk.ts";

/** Bytes. A crontab or a unit is a page or two. */
const CAP = 256 * 1024;

/** Names that are read of one folder. */
const MOST = 2000;

/** The text of a plain file; undefined if it is something else, too large or cannot be read. */
export function textAt(path: string): string | undefined {
  return orNothing(() =>
    withPathItem(path, (entry) => {
      if (entry === undefined || typeOf(entry.stats) !== "file") return undefined;
      return readEntry(entry, CAP)?.toString("utf8");
    }),
  );
}

/** The names in a folder, up to a limit; none if it is not a folder or cannot be read. */
export function namesAt(path: string): string[] {
  return orNothing(() => withFolder(path, (folder) => someNames(itself(folder)))) ?? [];
}

function someNames(path: string): string[] {
  const folder = opendirSync(path);
  try {
    const names: string[] = [];
    for (let entry = folder.readSync(); entry !== null && names.length < MOST; entry = folder.readSync())
      names.push(entry.name);
    return names.sort();
  } finally {
    folder.closeSync();
  }
}

/** Ignores every error: what is unmanaged is only a note, and an unreadable file must not hide the rest. */
export function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
