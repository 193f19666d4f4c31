import { MusterError } from "../../base/errors.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { HostItem, Items } from "../../model/items.ts";
import { refuseLogin } from "../accounts/login-users.ts";
import { ownsContent } from "../kinds/item-place.ts";
import { inKindOrder, kindOf } from "../kinds/registry.ts";
import type { RequestContext } from "../request-context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { droppedItems } from "./remove-items.ts";

/**
 * Renames the group, user and home of a renamed resource, except items that a killed run has already renamed. All other
 * items of the resource are created again as declared.
 *
 * @returns the former items with their current addresses
 */
export function renameItems(context: RequestContext, before: Items, now: Items): Items {
  const [olds, news] = [droppedItems(before, now), droppedItems(now, before)].map((items) =>
    Object.values(items),
  );
  const pairs = Object.values(inKindOrder(now)).flatMap((to): RenamePair[] => {
    const from = onlyItem(olds ?? [], to.kind);
    return from !== undefined && onlyItem(news ?? [], to.kind) === to ? [{ from, to }] : [];
  });
  for (const { from } of pairs)
    if (from.kind === "user") refuseLogin(context.host, context.accounts, from.name, "renamed");
  for (const pair of pairs) renameOne(context, pair);
  const entries = Object.entries(before).map(
    ([name, item]) => [name, pairs.reduce(readdress, item)] as const,
  );
  return Object.fromEntries(entries);
}

interface RenamePair {
  readonly from: HostItem;
  readonly to: HostItem;
}

/**
 * Returns an item with its address after a rename. If the item is in a renamed folder, its path changes too.
 */
function readdress(item: HostItem, { from, to }: RenamePair): HostItem {
  if (itemAddress(item) === itemAddress(from) && "name" in to && from.kind !== "directory") {
    return { ...item, name: to.name } as HostItem;
  }
  if (from.kind === "user" && to.kind === "user" && "actor" in item && item.actor === from.name) {
    return { ...item, actor: to.name };
  }
  if (from.kind !== "directory" || to.kind !== "directory" || !ownsContent(from)) return item;
  if (!("path" in item && `${item.path}/`.startsWith(`${from.path}/`))) return item;
  return { ...item, path: `${to.path}${item.path.slice(from.path.length)}` };
}

/** Returns the only item of a kind that can be renamed; undefined if there are none or several. */
function onlyItem(items: readonly HostItem[], kind: HostItem["kind"]): HostItem | undefined {
  const [item, ...others] = items.filter((one) => one.kind === kind && isRenamed(one));
  return others.length === 0 ? item : undefined;
}

/**
 * Whether an item can be renamed. A home is renamed with its contents; an agent's other folders are created
 * again.
 */
function isRenamed(item: HostItem): boolean {
  return kindOf(item.kind).rename !== undefined && (item.kind !== "directory" || ownsContent(item));
}

function renameOne(context: RequestContext, { from, to }: RenamePair): void {
  try {
    context.refreshAccounts();
    kindOf(to.kind).rename?.(context, from, to);
  } catch (error) {
    const what = `${itemAddress(from)} was not renamed to ${itemAddress(to)}`;
    throw new MusterError({ what, why: reasonOf(error), cause: error });
  }
}
