import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import { compareRows } from "../../model/compare-contacts.ts";
import { type Rows, shorten } from "../../model/contact-rows.ts";
import type { Detail, Observation, Props, Refusal, RowsItem } from "../../model/items.ts";
import type { FoundRow } from "../../model/match-contacts.ts";
import { isPlainTable } from "../../model/plain-table.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Place } from "../fs/follow-links.ts";
import type { Entry } from "../fs/open-without-symlinks.ts";
import { SIZE_CAP } from "../fs/read.ts";
import type { RequestContext } from "../request-context.ts";
import { isCorrupt, withCopiedFiles, withCopy } from "../sqlite/open-database.ts";
import { repairAs } from "../sqlite/repair-process.ts";
import { type Snapshot, snapshot } from "../sqlite/snapshot.ts";
import { columnsOf, hasName, isOwnSchema, readTable } from "../sqlite/table.ts";
import { reasonOf } from "../system/error-reason.ts";
import { propsOf } from "./file-attributes.ts";
import { findAtPlace, linkRefusal } from "./item-place.ts";
import type { ItemState, Kind } from "./kind.ts";
import { observeAsUsers, orUnknown } from "./observe-as-user.ts";
import { convergeRows, repairOrder } from "./rows-converge.ts";
import { rowsBefore, rowsOf } from "./rows-declared.ts";
import { removeRows } from "./rows-remove.ts";

export const rows: Kind<RowsItem> = {
  observe: (context, targets) => {
    const found = observeAsUsers(context, targets, (target, walker) => find(context, target, walker));
    return found.map((thing, i) => {
      const target = targets[i];
      if (target === undefined || "unknown" in thing) return thing as Observation;
      return orUnknown(() => compare(context, target, thing));
    });
  },
  converge: convergeRows,
  remove: removeRows,
};

/** The entry that was found at the path of a database. */
interface Found {
  readonly props: Props;
  /** The database's bytes; absent if there is no file at the path, or if the file is too large. */
  readonly copy?: Snapshot;
  readonly refusal?: Refusal;
}

function tooLarge(size: number): Refusal {
  const [is, most] = [size, SIZE_CAP].map((bytes) => Math.ceil(bytes / 1024 / 1024));
  return {
    why: `its contact book has ${is} MiB, and Muster reads at most ${most} MiB.`,
    next: "Keep only contacts in it: move other data to another database, and run VACUUM.",
  };
}

function find(context: RequestContext, target: ItemState<RowsItem>, walker: Account | undefined): Found {
  const found = findAtPlace(context, target.item, walker, (entry, place) =>
    entry === undefined || place === undefined
      ? { props: { type: "absent" } }
      : findIn(context, target, entry, place),
  );
  return "refusal" in found ? { props: { type: "symlink" }, refusal: found.refusal } : found.value;
}

function findIn(
  context: RequestContext,
  target: ItemState<RowsItem>,
  entry: Entry,
  { folder, name }: Place,
): Found {
  const { stats } = entry;
  const props = propsOf(context.accounts, stats);
  const refusal = linkRefusal(target, entry);
  if (props.type !== "file") return { props, ...(refusal && { refusal }) };
  if (stats.size > SIZE_CAP) return { props: { ...props, rows: "too large" }, refusal: tooLarge(stats.size) };
  return { props, copy: snapshot(folder, name) };
}

function compare(context: RequestContext, target: ItemState<RowsItem>, found: Found): Observation {
  const { item, applied, intended } = target;
  const { props, copy, refusal } = found;
  const declared = rowsOf(context, item.want.rows);
  if (declared === undefined)
    throw new MusterError({ what: item.path, why: "the declared rows are not stored on this host" });
  const before = rowsBefore(context, target);
  const isEmpty = Object.keys({ ...before, ...declared }).length === 0;
  if (isEmpty && isAgents(props)) return { props: withoutContacts(item, props) };
  if (copy === undefined) return { props, ...(refusal && { refusal }) };
  const others = [applied?.["rows"], intended?.["rows"]].filter((digest) => digest !== item.want.rows);
  const columns = columnsOf({ ...before, ...declared });
  try {
    const { detail, known, isOwn } = withCopy(context.host, copy, (db) => {
      const table = isPlainTable(db, item.table) ? readTable(db, item.table, columns) : undefined;
      return {
        detail: table === undefined ? [noTable(db, item.table)] : compareRows(declared, table, before),
        known: others.find((digest) => table && matches(table, rowsOf(context, digest))),
        isOwn: isOwnSchema(db, item.table),
      };
    });
    if (detail.length === 0) return { props: { ...props, rows: item.want.rows } };
    const refusal = isOwn ? undefined : tryRepair(context, target, copy);
    const rows = known ?? "differs";
    return { props: { ...props, rows }, detail: shorten(detail, "rows"), ...(refusal && { refusal }) };
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    return { props: { ...props, type: "not a database" } };
  }
}

/** Whether something other than a link is at the path. */
function isAgents({ type }: Props): boolean {
  return !["absent", "symlink", "hard link"].includes(`${type}`);
}

/**
 * Ignores differences if no contacts are declared, because the agent can then have any entry at the path of its contact
 * book.
 */
function withoutContacts({ want }: RowsItem, props: Props): Props {
  return props["type"] === want.type ? { ...props, rows: want.rows } : { ...want };
}

/**
 * Tries the repair on a copy, with the rights of the agent, because the agent's own schema can prevent the repair.
 *
 * @returns why `up` cannot repair the table; undefined if `up` can repair it
 */
function tryRepair(
  context: RequestContext,
  target: ItemState<RowsItem>,
  copy: Snapshot,
): Refusal | undefined {
  const account = context.accounts.users.get(target.item.actor);
  if (account === undefined) return undefined;
  try {
    withCopiedFiles(context.host, copy, account, (path) => {
      repairAs(context.host, account, { ...repairOrder(context, target), path });
    });
    return undefined;
  } catch (error) {
    const next = error instanceof MusterError ? error.next : undefined;
    return {
      why: `its contacts cannot be written: ${reasonOf(error)}.`,
      ...(next !== undefined && { next }),
    };
  }
}

/** Whether a table has all rows of an earlier declaration. If so, only fleet.yaml has changed. */
function matches(table: readonly FoundRow[], rows: Rows | undefined): boolean {
  return rows !== undefined && compareRows(rows, table).length === 0;
}

function noTable(db: DatabaseSync, table: string): Detail {
  const observed = hasName(db, table) ? "another object with this name" : "no such table";
  return { property: "rows", declared: `a table ${table}`, observed };
}
