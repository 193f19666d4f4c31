import { mkdirSync, renameSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { RowsItem } from "../../model/items.ts";
import { withEntry } from "../fs/open-without-symlinks.ts";
import { typeOf } from "../fs/read.ts";
import { compactTime, setAside } from "../fs/write.ts";
import type { RequestContext } from "../request-context.ts";
import { bytesOf, withCopy } from "../sqlite/open-database.ts";
import { SIDE_FILES, type Snapshot, snapshot } from "../sqlite/snapshot.ts";
import { hasOtherData } from "../sqlite/table.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { hasCode } from "../system/error-reason.ts";
import type { ItemState } from "./kind.ts";
import { orUnknown, type Unknown } from "./observe-as-user.ts";
import { removePathItem, withParent } from "./remove-path-item.ts";
import { rowsOf } from "./rows-declared.ts";

/**
 * Removes the database. If its agent has written to it, a copy that only root can read is kept. The copy gets
 * its final name in the last step. If the run is killed and repeated, only one copy is therefore kept.
 */
export function removeRows(context: RequestContext, { item }: ItemState<RowsItem>): readonly string[] {
  const copy = item.onRemove === "wipe" ? undefined : copyOf(context, item);
  const kept = copy === undefined ? [] : keep(context, item, copy);
  removePathItem(context, item, ["", ...SIDE_FILES]);
  return [...kept, ...finalizeCopy(context, item)];
}

function copyOf(context: RequestContext, item: RowsItem): Snapshot | Unknown | undefined {
  let copy: Snapshot | Unknown | undefined;
  withParent(context, item, ({ folder, name }) => {
    const isFile = withEntry(folder, name, (entry) => entry !== undefined && typeOf(entry.stats) === "file");
    if (isFile) copy = orUnknown(() => snapshot(folder, name));
  });
  return copy;
}

function keep(context: RequestContext, item: RowsItem, copy: Snapshot | Unknown): string[] {
  const bytes = "unknown" in copy ? copy : orUnknown(() => bytesToKeep(context, item, copy));
  if (bytes === undefined) return [];
  if ("unknown" in bytes) return keepBeside(context, item);
  const target = copyPath(context, item);
  const earlier = readOwn(target)?.equals(bytes) ? [] : finalizeCopy(context, item);
  // Only root is allowed to read the archive folder, so the folder is created with the mode 0700.
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  writeOwn(target, bytes);
  return earlier;
}

/** Returns the path at which the copy is kept until the database is removed. */
function copyPath(context: RequestContext, item: RowsItem): string {
  return `${context.host.paths.aside}/.${item.path.slice(1).replaceAll("/", "~")}`;
}

function finalizeCopy(context: RequestContext, item: RowsItem): string[] {
  const [copy, folder] = [copyPath(context, item), context.host.paths.aside];
  const named = `${folder}/${basename(copy).slice(1)}-${compactTime()}`;
  try {
    renameSync(copy, named);
    return [named];
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return [];
  }
}

/** Returns the complete database; undefined if its agent has not added any data. */
function bytesToKeep(context: RequestContext, item: RowsItem, copy: Snapshot): Uint8Array | undefined {
  const declared = rowsOf(context, item.want.rows) ?? {};
  return withCopy(context.host, copy, (db) =>
    hasOtherData(db, item.table, declared) ? bytesOf(db) : undefined,
  );
}

/** Keeps an unreadable database unchanged, but renames it. @returns the new path */
function keepBeside(context: RequestContext, item: RowsItem): string[] {
  const kept: string[] = [];
  withParent(context, item, ({ folder, name }) => {
    kept.push(`${dirname(item.path)}/${setAside(folder, name)}`);
  });
  return kept;
}
