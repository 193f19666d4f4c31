import { MusterError } from "../../base/errors.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { HostItem, Items } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { inKindOrder, kindOf } from "../kinds/registry.ts";
import type { RequestContext } from "../request-context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { daemonReload, isUnitPath } from "../units/systemctl.ts";

/** Removes items in the reverse of the order in which they are created. @returns the paths of the archives */
export function removeItems(context: RequestContext, items: Items): string[] {
  const { host } = context;
  const byKind = Map.groupBy(Object.entries(inKindOrder(items)).reverse(), ([, item]) => item.kind);
  const aside = [...byKind].flatMap(([kind, same]) => {
    const { removeAll } = kindOf(kind);
    if (removeAll === undefined) return same.flatMap(([name, item]) => removeOne(context, name, item));
    context.refreshAccounts();
    return removeAll(
      context,
      same.map(([, item]) => ({ item })),
    );
  });
  if (Object.values(items).some((item) => isUnitFile(host, item))) daemonReload(host);
  return aside;
}

/** Returns the items that a resource had and that it no longer declares under any name. */
export function droppedItems(before: Items = {}, now: Items = {}): Items {
  return without(before, Object.values(now));
}

/** Leaves out the items that another resource on the host also declares, because they must be kept. */
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
    // The item that was removed before this one may have been its group or user.
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
