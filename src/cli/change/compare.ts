import { compareRows, type Rows, shorten } from "../../model/contact-rows.ts";
import type { Declaration, Plan } from "../../model/declaration.ts";
import { itemPlace, placeOf } from "../../model/finding.ts";
import type { Contents, Detail, Digest, FileItem, HostItem, Items, Scalar } from "../../model/items.ts";
import { lineDetail } from "../../model/line-diff.ts";
import { itemName, WHOLE } from "../../model/parts.ts";
import { toWire } from "../../model/wire-items.ts";
import { type Selection, select } from "../selection.ts";
import type { PropertyChange, ResourceChange } from "./change.ts";

/** What has to be done to have `after` where `before` is; both are only what is declared. */
export function comparePlans(before: Plan, after: Plan, selection: Selection): ResourceChange[] {
  const contents = { ...before.contents, ...after.contents };
  const [olds, news] = [select(before, selection), select(after, selection)];
  const [oldById, newById] = [byId(olds), byId(news)];
  const whole = (one: Declaration, action: "create" | "delete") => ({
    ...placeOf(one),
    action,
    properties: [],
    restarts: false,
  });
  return [
    ...news.flatMap((one) => {
      const old = oldById.get(one.id);
      return old === undefined ? [whole(one, "create")] : update(old, one, contents);
    }),
    ...olds.filter((one) => !newById.has(one.id)).map((one) => whole(one, "delete")),
  ];
}

function byId(declarations: readonly Declaration[]): ReadonlyMap<string, Declaration> {
  return new Map(declarations.map((one) => [one.id, one]));
}

function update(before: Declaration, after: Declaration, contents: Contents): ResourceChange[] {
  const names = Object.keys({ ...before.items, ...after.items });
  const properties = names.flatMap((name) =>
    compareItems(name, before.items[name], after.items[name], contents),
  );
  if (properties.length === 0) return [];
  const readers = properties.flatMap(({ item, part, property }) =>
    TELLS_HOW.has(property) ? [] : readersOf(before.items, after.items, itemName(part ?? WHOLE, item)),
  );
  const restart = readers[0] && (readers[0].restart ?? "now");
  const restarts = restart !== undefined && restart !== "never";
  return [{ ...placeOf(after), action: "update", properties, restarts, ...(restart && { restart }) }];
}

/** Which change no content: they only say what becomes of a unit whose files do. */
const TELLS_HOW = new Set(["restart", "within"]);

/** The item, as it is to be, where a unit reads it when it starts: on its first provider, as it mostly runs. */
function readersOf(before: Items, after: Items, name: string): FileItem[] {
  return [after[name], before[name]].flatMap((item) =>
    item?.kind === "file" && item.notify !== undefined && item.choice === undefined ? [item] : [],
  );
}

function compareItems(
  name: string,
  before: HostItem | undefined,
  after: HostItem | undefined,
  contents: Contents,
): PropertyChange[] {
  const place = itemPlace(name);
  if (before === undefined || after === undefined) {
    return [{ ...place, property: "present", before: before !== undefined, after: after !== undefined }];
  }
  const [old, wanted] = [toWire(before), toWire(after)];
  const keys = Object.keys({ ...old, ...wanted }).filter((key) => old[key] !== wanted[key]);
  return keys.flatMap((property): PropertyChange[] => {
    const values = { before: old[property] ?? "none", after: wanted[property] ?? "none" };
    const details = detailsOf(property, values, contents);
    if (details.length === 0) return [{ ...place, property, ...values }];
    return details.map(({ property, declared, observed, lines }) => ({
      ...place,
      property,
      before: declared,
      after: observed,
      ...(lines && { lines }),
    }));
  });
}

/** Digests tell a person nothing: the texts and rows that they stand for do. */
function detailsOf(
  property: string,
  values: { readonly before: Scalar; readonly after: Scalar },
  contents: Contents,
): Detail[] {
  const before = contents[values.before as Digest];
  const after = contents[values.after as Digest];
  if (before === undefined || after === undefined) return [];
  if (property === "content") return lineDetail(before, after);
  return property === "rows" ? rowDetails(JSON.parse(before), JSON.parse(after)) : [];
}

/** The rows that stand there by then are the ones before; those that left are told as gone. */
function rowDetails(before: Rows, after: Rows): Detail[] {
  const details = compareRows(after, new Map(Object.entries(before)), before);
  return shorten(
    details.map(({ property, declared, observed }) => ({ property, declared: observed, observed: declared })),
  );
}
