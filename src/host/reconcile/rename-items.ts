import { MusterError } from "../../base/errors.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { HostItem, Items } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { ownsContent } from "../kinds/directory.ts";
import { inKindOrder, kindOf } from "../kinds/registry.ts";
import { contentSource } from "../store/contents.ts";
import { secretHasher } from "../store/secret-hasher.ts";
import { reasonOf } from "../system/error-reason.ts";
import { kindContext } from "./observe-items.ts";
import { droppedItems } from "./remove-items.ts";

/**
 * Carries what a renamed resource owns over to its names of today: its group, its user, its home. What was carried
 * over already, by a run that was killed then, stays; all else of the resource is made anew from what is declared.
 *
 * @returns the items of before, as they are addressed now
 */
export function renameItems(host: Host, before: Items, now: Items): Items {
  const [olds, news] = [droppedItems(before, now), droppedItems(now, before)].map((items) =>
    Object.values(items),
  );
  const pairs = Object.values(inKindOrder(now)).flatMap((to): Pair[] => {
    const from = theOnly(olds ?? [], to.kind);
    return from !== undefined && theOnly(news ?? [], to.kind) === to ? [{ from, to }] : [];
  });
  for (const pair of pairs) carryOne(host, pair);
  const entries = Object.entries(before).map(
    ([name, item]) => [name, pairs.reduce(readdress, item)] as const,
  );
  return Object.fromEntries(entries);
}

interface Pair {
  readonly from: HostItem;
  readonly to: HostItem;
}

/** What lay in a folder that was moved lies in it still, and is whose it was. */
function readdress(item: HostItem, { from, to }: Pair): HostItem {
  if (from.kind === "user" && to.kind === "user" && "actor" in item && item.actor === from.name) {
    return { ...item, actor: to.name };
  }
  if (from.kind !== "directory" || to.kind !== "directory" || !ownsContent(from)) return item;
  if (!("path" in item && `${item.path}/`.startsWith(`${from.path}/`))) return item;
  return { ...item, path: `${to.path}${item.path.slice(from.path.length)}` };
}

/** The item of a kind that can be carried over, where there is no doubt which. */
function theOnly(items: readonly HostItem[], kind: HostItem["kind"]): HostItem | undefined {
  const [item, ...others] = items.filter((one) => one.kind === kind && isCarried(one));
  return others.length === 0 ? item : undefined;
}

/** An agent's home is carried over with all that is in it; its other folders are made again. */
function isCarried(item: HostItem): boolean {
  return kindOf(item.kind).rename !== undefined && (item.kind !== "directory" || ownsContent(item));
}

function carryOne(host: Host, { from, to }: Pair): void {
  try {
    kindOf(to.kind).rename?.(kindContext(host, contentSource(host), secretHasher(host)), from, to);
  } catch (error) {
    const what = `${itemAddress(from)} was not renamed to ${itemAddress(to)}`;
    throw new MusterError({ what, why: reasonOf(error), cause: error });
  }
}
