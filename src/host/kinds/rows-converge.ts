import { MusterError } from "../../base/errors.ts";
import type { Rows } from "../../model/contact-rows.ts";
import type { Props, RowsItem } from "../../model/items.ts";
import { asUser } from "../accounts/as-user.ts";
import { accountOf } from "../accounts/read-accounts.ts";
import type { Place } from "../fs/follow-links.ts";
import { withEntry } from "../fs/open-without-symlinks.ts";
import type { RequestContext } from "../request-context.ts";
import { bytesOf, withCopy } from "../sqlite/open-database.ts";
import { putDatabase, type SyncOrder } from "../sqlite/repair-database.ts";
import { repairAs } from "../sqlite/repair-process.ts";
import { repairTable } from "../sqlite/repair-table.ts";
import { snapshot } from "../sqlite/snapshot.ts";
import { moveAside } from "../store/kept-copies.ts";
import { attributesOf, differs, setAttributesAt } from "./file-attributes.ts";
import { foldersAbove, linkRefusal, withItemPlace } from "./item-place.ts";
import type { ItemState, OnKept } from "./kind.ts";
import { rowsBefore, rowsOf } from "./rows-declared.ts";

/**
 * Repairs the database in place, with its actor's rights. The agent keeps its own data and open connections.
 */
export function convergeRows(
  context: RequestContext,
  target: ItemState<RowsItem>,
  observed: Props,
  onKept: OnKept,
): void {
  const { item } = target;
  const declared = rowsOf(context, item.want.rows);
  if (declared === undefined)
    throw new MusterError({ what: item.path, why: "the declared rows are not stored on this host" });
  const isOther = observed["type"] !== undefined && differs(item.want, observed, "type");
  if (isOther) {
    putNew(context, target, declared, onKept);
    return;
  }
  if (!differs(item.want, observed, "rows", "owner")) {
    // The agent's own schema can prevent every change, and the agent's file might not be a database.
    const account = accountOf(context.accounts, item.actor);
    const attributes = attributesOf(context.accounts, item.want);
    asUser(account, () =>
      withItemPlace(context, item, account, (place) => setAttributesAt(place, item, attributes)),
    );
    return;
  }
  const start = initialBytes(context, item, observed);
  repairAs(context.host, accountOf(context.accounts, item.actor), {
    ...repairOrder(context, target),
    ...(start && { start: Buffer.from(start).toString("base64") }),
  });
}

/** Returns the repair that writes the declared rows to an existing database. */
export function repairOrder(context: RequestContext, target: ItemState<RowsItem>): SyncOrder {
  const { path, table, want, actor } = target.item;
  const { name, uid, gid } = accountOf(context.accounts, actor);
  return {
    path,
    table,
    walker: { name, uid, gid },
    attributes: attributesOf(context.accounts, want),
    declared: rowsOf(context, want.rows) ?? {},
    before: rowsBefore(context, target),
  };
}

/**
 * Creates a new database in a folder that its actor cannot access, and moves the complete database to its path. Another
 * entry at this path is moved aside.
 */
function putNew(context: RequestContext, target: ItemState<RowsItem>, declared: Rows, onKept: OnKept): void {
  const { item } = target;
  const bytes = withCopy(context.host, { main: Buffer.alloc(0), wal: Buffer.alloc(0) }, (db) => {
    repairTable(db, item.table, declared, {});
    return bytesOf(db);
  });
  const attributes = attributesOf(context.accounts, item.want);
  const account = accountOf(context.accounts, item.actor);
  const put = (place: Place) => {
    withEntry(place.folder, place.name, (entry) => {
      if (entry === undefined) return;
      const refusal = linkRefusal(target, entry);
      if (refusal !== undefined) throw new MusterError({ what: item.path, ...refusal });
      moveAside(context.host, place, onKept);
    });
    putDatabase(place.folder, place.name, bytes, attributes);
  };
  asUser(account, () => withItemPlace(context, item, account, put, foldersAbove(context, item, onKept)));
}

/** Returns the initial bytes of a new file; undefined if the actor can repair the existing file. */
function initialBytes(context: RequestContext, item: RowsItem, observed: Props): Uint8Array | undefined {
  if (observed["type"] === undefined || !differs(item.want, observed, "owner")) return undefined;
  // An actor cannot take over another user's file, but the database in it can be copied with all of its data.
  const account = accountOf(context.accounts, item.actor);
  const copy = withItemPlace(context, item, account, ({ folder, name }) => snapshot(folder, name));
  return withCopy(context.host, copy, bytesOf);
}
