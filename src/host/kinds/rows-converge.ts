import { MusterError } from "../../base/errors.ts";
import type { Props, RowsItem } from "../../model/items.ts";
import type { Rows } from "../../model/rows.ts";
import { accountOf } from "../accounts.ts";
import { withActor } from "../actor.ts";
import { split, withFolder } from "../fs/walk.ts";
import { makeFolders } from "../fs/write.ts";
import { mendAs } from "../mender.ts";
import { putDatabase } from "../sqlite/mend.ts";
import { bytesOf, withCopy } from "../sqlite/open.ts";
import { repairTable } from "../sqlite/repair.ts";
import { snapshot } from "../sqlite/snapshot.ts";
import type { Scene, Subject } from "./kind.ts";
import { rowsBefore, rowsOf } from "./rows-declared.ts";
import { differs, standingOf } from "./standing.ts";

/** Mends the database in place, as its actor, so that what the agent learned and has open stays. */
export function convergeRows(scene: Scene, subject: Subject<RowsItem>, observed: Props): void {
  const { item } = subject;
  const declared = rowsOf(scene, item.want.rows);
  if (declared === undefined)
    throw new MusterError({ what: item.path, why: "its rows are not on this host" });
  if (observed["type"] === "absent") {
    putNew(scene, item, declared);
    return;
  }
  const start = startOf(scene, item, observed);
  mendAs(scene.host, accountOf(scene.accounts, item.actor), {
    path: item.path,
    table: item.table,
    standing: standingOf(scene.accounts, item.want),
    declared,
    before: rowsBefore(scene, subject),
    ...(start && { start: Buffer.from(start).toString("base64") }),
    isForeign: observed["type"] === "not a database",
  });
}

/** A database that is not there is made where its actor has no hand in it, and put in place whole, as any file. */
function putNew(scene: Scene, { path, table, actor, want }: RowsItem, declared: Rows): void {
  const bytes = withCopy(scene.host, { main: Buffer.alloc(0), wal: Buffer.alloc(0) }, (db) => {
    repairTable(db, table, declared, {});
    return bytesOf(db);
  });
  const standing = standingOf(scene.accounts, want);
  const { parent, name } = split(path);
  withActor(accountOf(scene.accounts, actor), () =>
    withFolder(parent, (folder) => putDatabase(folder, name, bytes, standing), makeFolders(0o700, true)),
  );
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
