import { MusterError } from "../../base/errors.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { HostItem, Items } from "../../model/items.ts";
import type { Overwritten } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { inKindOrder, kindOf } from "../kinds/registry.ts";
import type { RequestContext } from "../request-context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { daemonReload, isUnitPath } from "../units/systemctl.ts";

/**
 * Removes items in the reverse of the order in which they are created.
 *
 * @returns the archived entries and their new paths
 */
export function removeItems(context: RequestContext, items: Items): Overwritten[] {
  const { host } = context;
  const byKind = Map.groupBy(Object.entries(inKindOrder(items)).reverse(), ([, item]) => item.kind);
  const aside = [...byKind].flatMap(([kind, same]) => {
    const { removeAll } = kindOf(kind);
    if (removeAll === undefined)
      return same.flatMap(([name, item]) => {
        const path = "path" in item ? item.path : itemAddress(item);
        return removeOne(context, name, item).map((kept) => ({ path, kept }));
      });
    context.refreshAccounts();
    const targets = same.map(([, item]) => ({ item }));
    return removeAll(context, targets).map((kept) => ({ path: kind, kept }));
  });
  if (Object.values(items).some((item) => isUnitFile(host, item))) daemonReload(host);
  return aside;
}

/** Returns the items that a resource had before and no longer declares under any name. */
export function droppedItems(before: Items = {}, now: Items = {}): Items {
  return without(before, Object.values(now));
}

/** Omits the items that another resource on the host also declares, because they must be kept. */
export function withoutShared(items: Items, others: readonly HostRecord[]): Items {
  return without(
    items,
    others.flatMap((other) => Object.values(other.items)),
  );
}

function without(items: Items, kept: readonly HostItem[]): Items {
  const addresses = new Set(kept.map(itemAddress));
  return Object.fromEntries(Object.entries(items).filter(([, item]) => !addresses.has(itemAddress(item))));
}

function removeOne(context: RequestContext, name: string, item: HostItem): readonly string[] {
  try {
    // The accounts are read again, because the previously removed item may have
    // been this item's group or user.
    context.refreshAccounts();
    return kindOf(item.kind).remove(context, { item });
  } catch (error) {
    const what = `${name} (${itemAddress(item)}) was not removed`;
    throw new MusterError({ what, why: reasonOf(error), cause: error });
  }
}

function isUnitFile(host: Host, item: HostItem): boolean {
  return item.kind === "file" && isUnitPath(host, item.path);
}
