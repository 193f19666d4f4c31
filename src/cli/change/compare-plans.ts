import { itemName, NO_PART } from "../../model/agent-parts.ts";
import { compareRows } from "../../model/compare-contacts.ts";
import { type Rows, shorten } from "../../model/contact-rows.ts";
import type { Declaration, Plan } from "../../model/declaration.ts";
import { itemPlace, placeOf } from "../../model/drift-finding.ts";
import type { Contents, Detail, Digest, FileItem, HostItem, Items, Scalar } from "../../model/items.ts";
import { lineDetail } from "../../model/line-diff.ts";
import { toWire } from "../../model/pulumi-items.ts";
import { type Selection, select } from "../selection.ts";
import type { PropertyChange, ResourceChange } from "./fleet-change.ts";

/** Returns the changes that turn the plan `before` into the plan `after`. No host is contacted. */
export function comparePlans(before: Plan, after: Plan, selection: Selection): ResourceChange[] {
  const contents = { ...before.contents, ...after.contents };
  const [olds, news] = [select(before, selection), select(after, selection)];
  const [oldById, newById] = [byId(olds), byId(news)];
  const fullChange = (one: Declaration, action: "create" | "delete") => ({
    ...placeOf(one),
    action,
    properties: [],
    restarts: false,
  });
  return [
    ...news.flatMap((one) => {
      const old = oldById.get(one.id);
      return old === undefined ? [fullChange(one, "create")] : update(old, one, contents);
    }),
    ...olds.filter((one) => !newById.has(one.id)).map((one) => fullChange(one, "delete")),
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
    REACTION_PROPERTIES.has(property)
      ? []
      : readersOf(before.items, after.items, itemName(part ?? NO_PART, item)),
  );
  const restart = readers[0] && (readers[0].restart ?? "now");
  const restarts = restart !== undefined && restart !== "never";
  return [{ ...placeOf(after), action: "update", properties, restarts, ...(restart && { restart }) }];
}

/** The properties that affect only how a unit reacts when its files change. */
const REACTION_PROPERTIES = new Set(["restart", "within"]);

/**
 * Returns the new and the old version of an item. Omits each version that is not a file, or that no unit reads at its
 * start. Also omits the files of failover providers, because an agent usually uses its first provider.
 */
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

/** Replaces digests, which mean nothing to a person, with the differences between their texts or rows. */
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

/**
 * Returns the differences between the rows, with the old value as `declared` and the new value as `observed`.
 * `compareRows` expects declared rows and the rows of a table. This function passes the new rows as the declared rows,
 * and therefore swaps the two values in the result.
 */
function rowDetails(before: Rows, after: Rows): Detail[] {
  const table = Object.entries(before).map(([name, cells]) => ({ name, cells }));
  const details = compareRows(after, table, before);
  return shorten(
    details.map(({ property, declared, observed }) => ({ property, declared: observed, observed: declared })),
    "rows",
  );
}
