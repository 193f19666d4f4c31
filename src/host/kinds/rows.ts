import { MusterError } from "../../base/errors.ts";
import { compareRows, type Row, type Rows, shorten } from "../../model/contact-rows.ts";
import type { Observation, Props, RowsItem } from "../../model/items.ts";
import { SIZE_CAP } from "../fs/read.ts";
import { type Handle, split, withEntry, withFolder } from "../fs/walk.ts";
import type { RequestContext } from "../request-context.ts";
import { isCorrupt, withCopy } from "../sqlite/open-database.ts";
import { type Snapshot, snapshot } from "../sqlite/snapshot.ts";
import { columnsOf, readTable, tableColumns } from "../sqlite/table.ts";
import { hasCode } from "../system/error-reason.ts";
import { propsOf } from "./file-attributes.ts";
import type { ItemState, Kind } from "./kind.ts";
import { observeAsUsers, orUnknown } from "./observe-as-user.ts";
import { convergeRows } from "./rows-converge.ts";
import { rowsBefore, rowsOf } from "./rows-declared.ts";
import { removeRows } from "./rows-remove.ts";

export const rows: Kind<RowsItem> = {
  observe: (context, targets) => {
    const found = observeAsUsers(context, targets, ({ item }) => find(context, item));
    return found.map((thing, i) => {
      const target = targets[i];
      if (target === undefined || "unknown" in thing) return thing as Observation;
      return orUnknown(() => compare(context, target, thing));
    });
  },
  converge: convergeRows,
  remove: removeRows,
};

/** What was found at the path of a database. */
interface Found {
  readonly props: Props;
  /** The bytes; absent if there is no file at the path, or the file is too large. */
  readonly copy?: Snapshot;
}

function find(context: RequestContext, item: RowsItem): Found {
  const { parent, name } = split(item.path);
  try {
    return withFolder(parent, (folder) => findIn(context, folder, name));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return { props: { type: "absent" } };
    throw error;
  }
}

function findIn(context: RequestContext, folder: Handle, name: string): Found {
  const stats = withEntry(folder, name, (entry) => entry?.stats);
  if (stats === undefined) return { props: { type: "absent" } };
  const props = propsOf(context.accounts, stats);
  if (props.type !== "file") return { props };
  if (stats.size > SIZE_CAP) return { props: { ...props, rows: "too large" } };
  return { props, copy: snapshot(folder, name) };
}

function compare(context: RequestContext, target: ItemState<RowsItem>, found: Found): Observation {
  const { item, applied, intended } = target;
  const { props, copy } = found;
  if (copy === undefined) return { props };
  const declared = rowsOf(context, item.want.rows);
  if (declared === undefined)
    throw new MusterError({ what: item.path, why: "the declared rows are not stored on this host" });
  const before = rowsBefore(context, target);
  const others = [applied?.["rows"], intended?.["rows"]].filter((digest) => digest !== item.want.rows);
  const columns = columnsOf({ ...before, ...declared });
  try {
    return withCopy(context.host, copy, (db) => {
      if (tableColumns(db, item.table) === undefined) return noTable(props, item.table);
      const table = readTable(db, item.table, columns);
      const detail = compareRows(declared, table, before);
      if (detail.length === 0) return { props: { ...props, rows: item.want.rows } };
      const known = others.find((digest) => matches(table, rowsOf(context, digest)));
      return { props: { ...props, rows: known ?? "differs" }, detail: shorten(detail) };
    });
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    return { props: { ...props, type: "not a database" } };
  }
}

/** Whether a table has all rows of an earlier declaration, which means that only fleet.yaml has changed. */
function matches(table: ReadonlyMap<string, Row>, rows: Rows | undefined): boolean {
  return rows !== undefined && compareRows(rows, table).length === 0;
}

function noTable(props: Props, table: string): Observation {
  const detail = { property: "rows", declared: `a table ${table}`, observed: "no such table" };
  return { props: { ...props, rows: "differs" }, detail: [detail] };
}
