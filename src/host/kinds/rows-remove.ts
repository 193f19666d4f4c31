import { dirname } from "node:path";
import type { RowsItem } from "../../model/items.ts";
import { typeOf } from "../fs/read.ts";
import { withEntry } from "../fs/walk.ts";
import { compactTime, setAside } from "../fs/write.ts";
import { bytesOf, withCopy } from "../sqlite/open.ts";
import { SIDE_FILES, type Snapshot, snapshot } from "../sqlite/snapshot.ts";
import { hasOtherData } from "../sqlite/table.ts";
import { writeOwn } from "../store/files.ts";
import type { Scene, Subject } from "./kind.ts";
import { orUnknown, type Unknown } from "./look.ts";
import { rowsOf } from "./rows-declared.ts";
import { removeThing, withParent } from "./thing.ts";

/** Removes the database. What its agent wrote there is kept: in a copy that root alone can read. */
export function removeRows(scene: Scene, { item }: Subject<RowsItem>): readonly string[] {
  const copy = item.onRemove === "wipe" ? undefined : copyOf(scene, item);
  const kept = copy === undefined ? [] : keep(scene, item, copy);
  removeThing(scene, item, ["", ...SIDE_FILES]);
  return kept;
}

function copyOf(scene: Scene, item: RowsItem): Snapshot | Unknown | undefined {
  let copy: Snapshot | Unknown | undefined;
  withParent(scene, item, (folder, name) => {
    const isFile = withEntry(folder, name, (entry) => entry !== undefined && typeOf(entry.stats) === "file");
    if (isFile) copy = orUnknown(() => snapshot(folder, name));
  });
  return copy;
}

function keep(scene: Scene, item: RowsItem, copy: Snapshot | Unknown): string[] {
  const bytes = "unknown" in copy ? copy : orUnknown(() => learned(scene, item, copy));
  if (bytes === undefined) return [];
  if ("unknown" in bytes) return keepBeside(scene, item);
  const target = `${scene.host.paths.aside}/${item.path.slice(1).replaceAll("/", "~")}-${compactTime()}`;
  writeOwn(target, bytes);
  return [target];
}

/** The database whole, where its agent wrote to it. */
function learned(scene: Scene, item: RowsItem, copy: Snapshot): Uint8Array | undefined {
  const declared = rowsOf(scene, item.want.rows) ?? {};
  return withCopy(scene.host, copy, (db) =>
    hasOtherData(db, item.table, declared) ? bytesOf(db) : undefined,
  );
}

/** What cannot be looked into is kept as it is. */
function keepBeside(scene: Scene, item: RowsItem): string[] {
  const kept: string[] = [];
  withParent(scene, item, (folder, name) => {
    kept.push(`${dirname(item.path)}/${setAside(folder, name)}`);
  });
  return kept;
}
