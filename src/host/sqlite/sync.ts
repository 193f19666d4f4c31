import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import type { Rows } from "../../model/contact-rows.ts";
import { typeOf } from "../fs/read.ts";
import { type Handle, split, withEntry, withFolder } from "../fs/walk.ts";
import {
  clearAway,
  discard,
  type FileAttributes,
  makeParentFolders,
  replaceFile,
  setAside,
  setAttributes,
} from "../fs/write.ts";
import { withDatabase } from "./open-database.ts";
import { repairTable } from "./repair-table.ts";
import { SIDE_FILES } from "./snapshot.ts";

/** What is to be done with one database; plain data, so that a process with its owner's rights can do it. */
export interface SyncOrder {
  readonly path: string;
  readonly table: string;
  readonly standing: FileAttributes;
  readonly declared: Rows;
  /** The rows that were applied last; those declared no more are deleted. */
  readonly before: Rows;
  /** Base64 of what a new file begins with, if its owner cannot repair what is there. */
  readonly start?: string;
  /** What is there is not a database, and is kept beside the new one. */
  readonly isForeign: boolean;
}

/** Mends a database in place, so that what the agent learned and has open stays. */
export function syncDatabase(order: SyncOrder): void {
  const { path, table, standing, declared, before } = order;
  const { parent, name } = split(path);
  const mend = (folder: Handle) => {
    if (order.start !== undefined) putFile(folder, name, Buffer.from(order.start, "base64"), order);
    mendFile(folder, name, standing, (db) => repairTable(db, table, declared, before));
  };
  withFolder(parent, mend, makeParentFolders(0o700, true));
}

function putFile(folder: Handle, name: string, start: Uint8Array, { standing, isForeign }: SyncOrder): void {
  if (isForeign) setAside(folder, name);
  putDatabase(folder, name, start, standing);
}

/** Puts a database in the place of whatever is there. */
export function putDatabase(folder: Handle, name: string, bytes: Uint8Array, standing: FileAttributes): void {
  // Left from another database, they would be taken for changes to this one.
  for (const suffix of SIDE_FILES) discard(folder, name + suffix);
  replaceFile(folder, name, bytes, standing);
}

function mendFile(
  folder: Handle,
  name: string,
  standing: FileAttributes,
  mend: (db: DatabaseSync) => void,
): void {
  withEntry(folder, name, (entry) => {
    if (entry === undefined || typeOf(entry.stats) !== "file") {
      throw new MusterError({ what: name, why: "it was changed while it was being observed" });
    }
    setAttributes(entry.handle, standing);
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
