import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import type { Rows } from "../../model/contact-rows.ts";
import { type Walker, withPlace } from "../fs/follow-links.ts";
import { type Handle, withEntry } from "../fs/open-without-symlinks.ts";
import { typeOf } from "../fs/read.ts";
import { clearAway, discard, type FileAttributes, replaceFile, setAttributes } from "../fs/write.ts";
import { type FoundDuplicates, mergeDuplicates } from "./merge-duplicates.ts";
import { withDatabase } from "./open-database.ts";
import { repairTable } from "./repair-table.ts";
import { SIDE_FILES } from "./snapshot.ts";

/** A repair of one database, as plain data that can be sent to a process with the owner's rights. */
export interface SyncOrder {
  readonly path: string;
  /** The owner of the database. The path is walked with the owner's rights. */
  readonly walker: Walker;
  readonly table: string;
  readonly attributes: FileAttributes;
  readonly declared: Rows;
  /** The rows that were last applied; rows that are no longer declared are deleted. */
  readonly before: Rows;
  /** The initial bytes of a new file, in Base64; absent if the owner can repair the existing file. */
  readonly start?: string;
}

/** A search for duplicates in one database, as plain data like SyncOrder. */
export interface MergeOrder extends Pick<SyncOrder, "path" | "walker" | "table" | "declared"> {
  /** The digest of the duplicates to merge; `find` only lists the duplicates. */
  readonly merge: string;
}

/** Finds or merges the duplicates in a database. @returns undefined if there is no database */
export function mergeInDatabase({
  path,
  walker,
  table,
  declared,
  merge,
}: MergeOrder): FoundDuplicates | undefined {
  return withPlace(path, { walker, followsLast: true }, ({ folder, name }) =>
    withEntry(folder, name, (entry) => {
      if (entry === undefined || typeOf(entry.stats) !== "file") return undefined;
      const digest = merge === "find" ? undefined : merge;
      return withDatabase(folder, name, entry, (db) => mergeDuplicates(db, table, declared, digest));
    }),
  );
}

/** Repairs a database in place, so that the agent keeps its own data and open connections. */
export function syncDatabase(order: SyncOrder): void {
  const { path, walker, table, attributes, declared, before, start } = order;
  withPlace(path, { walker, followsLast: true }, ({ folder, name }) => {
    if (start !== undefined) putDatabase(folder, name, Buffer.from(start, "base64"), attributes);
    repairFile(folder, name, attributes, (db) => repairTable(db, table, declared, before));
  });
}

/** Replaces the entry at `name` with a database. */
export function putDatabase(
  folder: Handle,
  name: string,
  bytes: Uint8Array,
  attributes: FileAttributes,
): void {
  // SQLite would treat the side files of the old database as changes to the new database.
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

/**
 * Removes side files that are not regular files. SQLite could not open them, or would follow a link and write to its target.
 */
function clearSideFiles(folder: Handle, name: string): void {
  for (const suffix of SIDE_FILES) {
    const type = withEntry(folder, name + suffix, (entry) => entry && typeOf(entry.stats));
    if (type !== undefined && type !== "file") clearAway(folder, name + suffix);
  }
}
