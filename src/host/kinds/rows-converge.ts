import { MusterError } from "../../base/errors.ts";
import type { Rows } from "../../model/contact-rows.ts";
import type { Props, RowsItem } from "../../model/items.ts";
import { accountOf } from "../accounts/accounts.ts";
import { asUser } from "../accounts/as-user.ts";
import { split, withFolder } from "../fs/walk.ts";
import { makeParentFolders } from "../fs/write.ts";
import type { RequestContext } from "../request-context.ts";
import { bytesOf, withCopy } from "../sqlite/open-database.ts";
import { repairAs } from "../sqlite/repair-process.ts";
import { repairTable } from "../sqlite/repair-table.ts";
import { snapshot } from "../sqlite/snapshot.ts";
import { putDatabase } from "../sqlite/sync.ts";
import { attributesOf, differs } from "./file-attributes.ts";
import type { ItemState } from "./kind.ts";
import { rowsBefore, rowsOf } from "./rows-declared.ts";

/** Repairs the database in place, as its actor, so that the agent keeps its own data and open connections. */
export function convergeRows(context: RequestContext, target: ItemState<RowsItem>, observed: Props): void {
  const { item } = target;
  const declared = rowsOf(context, item.want.rows);
  if (declared === undefined)
    throw new MusterError({ what: item.path, why: "the declared rows are not stored on this host" });
  if (observed["type"] === "absent") {
    putNew(context, item, declared);
    return;
  }
  const start = initialBytes(context, item, observed);
  repairAs(context.host, accountOf(context.accounts, item.actor), {
    path: item.path,
    table: item.table,
    attributes: attributesOf(context.accounts, item.want),
    declared,
    before: rowsBefore(context, target),
    ...(start && { start: Buffer.from(start).toString("base64") }),
    isForeign: observed["type"] === "not a database",
  });
}

/** Creates a new database where its actor cannot interfere, and moves it into place when it is complete. */
function putNew(context: RequestContext, { path, table, actor, want }: RowsItem, declared: Rows): void {
  const bytes = withCopy(context.host, { main: Buffer.alloc(0), wal: Buffer.alloc(0) }, (db) => {
    repairTable(db, table, declared, {});
    return bytesOf(db);
  });
  const attributes = attributesOf(context.accounts, want);
  const { parent, name } = split(path);
  asUser(accountOf(context.accounts, actor), () =>
    withFolder(
      parent,
      (folder) => putDatabase(folder, name, bytes, attributes),
      makeParentFolders(0o700, true),
    ),
  );
}

/** Returns the initial bytes of a new file; undefined if the actor can repair the existing file. */
function initialBytes(context: RequestContext, item: RowsItem, observed: Props): Uint8Array | undefined {
  if (observed["type"] === undefined) return undefined;
  if (differs(item.want, observed, "type")) return Buffer.alloc(0);
  if (!differs(item.want, observed, "owner")) return undefined;
  // An actor cannot take over another user's file, but the database in it can be copied with all of its data.
  const { parent, name } = split(item.path);
  const copy = withFolder(parent, (folder) => snapshot(folder, name));
  return withCopy(context.host, copy, bytesOf);
}
