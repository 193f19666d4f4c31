import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import type { Props, RowsItem } from "../../model/items.ts";
import { accountOf } from "../accounts.ts";
import { withActor } from "../actor.ts";
import { typeOf } from "../fs/read.ts";
import { type Handle, split, withEntry, withFolder } from "../fs/walk.ts";
import {
  clearAway,
  discard,
  makeFolders,
  replaceFile,
  type Standing,
  setAside,
  setStanding,
} from "../fs/write.ts";
import { bytesOf, withCopy, withDatabase } from "../sqlite/open.ts";
import { repairTable } from "../sqlite/repair.ts";
import { SIDE_FILES, snapshot } from "../sqlite/snapshot.ts";
import type { Scene, Subject } from "./kind.ts";
import { rowsOf } from "./rows-declared.ts";
import { differs, standingOf } from "./standing.ts";

type Book = Subject<RowsItem>;

/** Mends the database in place, as its actor, so that what the agent learned and has open stays. */
export function convergeRows(scene: Scene, subject: Book, observed: Props): void {
  const { item } = subject;
  const standing = standingOf(scene.accounts, item.want);
  const account = accountOf(scene.accounts, item.actor);
  const declared = rowsOf(scene, item.want.rows);
  if (declared === undefined)
    throw new MusterError({ what: item.path, why: "its rows are not on this host" });
  const before = rowsOf(scene, subject.applied?.["rows"]) ?? {};
  const start = startOf(scene, item, observed);
  const { parent, name } = split(item.path);
  const mend = (folder: Handle) => {
    if (start !== undefined) putFile(folder, name, start, observed, standing);
    mendFile(folder, name, standing, (db) => repairTable(db, item.table, declared, before));
  };
  withActor(account, () => withFolder(parent, mend, makeFolders(0o700, true)));
}

/** The bytes that a new file begins with, where what stands there cannot be mended by its actor. */
function startOf(scene: Scene, item: RowsItem, observed: Props): Uint8Array | undefined {
  if (observed["type"] === undefined) return undefined;
  if (differs(item.want, observed, "type")) return Buffer.alloc(0);
  if (!differs(item.want, observed, "owner")) return undefined;
  // Somebody else's file cannot be taken over, but a database in it, with all that was learned, can be copied.
  const { parent, name } = split(item.path);
  const copy = withFolder(parent, (folder) => snapshot(folder, name));
  return withCopy(scene.host, copy, bytesOf);
}

function putFile(folder: Handle, name: string, start: Uint8Array, observed: Props, standing: Standing): void {
  if (observed["type"] === "not a database") setAside(folder, name);
  // Left from another database, they would be taken for changes to this one.
  for (const suffix of SIDE_FILES) discard(folder, name + suffix);
  replaceFile(folder, name, start, standing);
}

function mendFile(folder: Handle, name: string, standing: Standing, mend: (db: DatabaseSync) => void): void {
  withEntry(folder, name, (entry) => {
    if (entry === undefined || typeOf(entry.stats) !== "file") {
      throw new MusterError({ what: name, why: "somebody changed it while it was looked at" });
    }
    setStanding(entry.handle, standing);
    clearSideFiles(folder, name);
    withDatabase(folder, name, entry, mend);
  });
}

/** What is no plain file where SQLite keeps one would be written through, or keep it from opening at all. */
function clearSideFiles(folder: Handle, name: string): void {
  for (const suffix of SIDE_FILES) {
    const stands = withEntry(folder, name + suffix, (entry) => entry && typeOf(entry.stats));
    if (stands !== undefined && stands !== "file") clearAway(folder, name + suffix);
  }
}
