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
  readonly attributes: FileAttributes;
  readonly declared: Rows;
  /** The rows that were applied last; those declared no more are deleted. */
  readonly before: Rows;
  /** Base64 of what a new file begins with, if its owner cannot repair what is there. */
  readonly start?: string;
  /** What is there is not a database, and is kept beside the new one. */
  readonly isForeign: boolean;
}

/** Repairs a database in place, so that what the agent has learned and has open is kept. */
export function syncDatabase(order: SyncOrder): void {
  const { path, table, attributes, declared, before } = order;
  const { parent, name } = split(path);
  const repair = (folder: Handle) => {
    if (order.start !== undefined) putFile(folder, name, Buffer.from(order.start, "base64"), order);
    repairFile(folder, name, attributes, (db) => repairTable(db, table, declared, before));
  };
  withFolder(parent, repair, makeParentFolders(0o700, true));
}

function putFile(
  folder: Handle,
  name: string,
  start: Uint8Array,
  { attributes, isForeign }: SyncOrder,
): void {
  if (isForeign) setAside(folder, name);
  putDatabase(folder, name, start, attributes);
}

/** Puts a database in the place of whatever is there. */
export function putDatabase(
  folder: Handle,
  name: string,
  bytes: Uint8Array,
  attributes: FileAttributes,
): void {
  // Side files of another database would be read as changes to this one.
  for (const suffix of SIDE_FILES) discard(folder, name + suffix);
  replaceFile(folder, name, bytes, attributes);
}

function repairFile(
  folder: Handle,
  name: string,
  attributes: FileAttributes,
  repair: (db: DatabaseSync) => void,
): void {
  withEntry(folder, name, (entry) => {
    if (entry === undefined || typeOf(entry.stats) !== "file") {
      throw new MusterError({ what: name, why: "it was changed while it was being observed" });
    }
    setAttributes(entry.handle, attributes);
    clearSideFiles(folder, name);
    withDatabase(folder, name, entry, repair);
  });
}

/** Removes side files that are not plain files: SQLite would write through them, or could not open the database. */
function clearSideFiles(folder: Handle, name: string): void {
  for (const suffix of SIDE_FILES) {
    const type = withEntry(folder, name + suffix, (entry) => entry && typeOf(entry.stats));
    if (type !== undefined && type !== "file") clearAway(folder, name + suffix);
  }
}
