import { opendirSync } from "node:fs";
import { readEntry, typeOf } from "../fs/read.ts";
import { itself, withFolder, withPathItem } from "../fs/walk.ts";

/** Bytes. A crontab or a unit is a page or two. */
const CAP = 256 * 1024;

/** Names of one folder that are looked at. */
const MOST = 2000;

/** The text of a plain file; nothing where another thing stands there, nobody may read it, or it is no page or two. */
export function textAt(path: string): string | undefined {
  return orNothing(() =>
    withPathItem(path, (entry) => {
      if (entry === undefined || typeOf(entry.stats) !== "file") return undefined;
      return readEntry(entry, CAP)?.toString("utf8");
    }),
  );
}

/** The names in a folder, the first of many; none where it is no folder. */
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

/** This only adds to what is told of a host: whatever cannot be read keeps nobody from the rest. */
export function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
