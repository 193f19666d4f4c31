import { MusterError } from "../../base/errors.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { HostItem, Items } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { inKindOrder, kindOf } from "../kinds/registry.ts";
import { contentSource } from "../store/contents.ts";
import { secretHasher } from "../store/secret-hasher.ts";
import { reasonOf } from "../system/error-reason.ts";
import { daemonReload, isUnitPath } from "../units/systemctl.ts";
import { kindContext } from "./observe-items.ts";

/** Takes items away, the last first. @returns where things were moved aside to */
export function removeItems(host: Host, items: Items): string[] {
  const byKind = Map.groupBy(Object.entries(inKindOrder(items)).reverse(), ([, item]) => item.kind);
  const aside = [...byKind].flatMap(([kind, same]) => {
    const { removeAll } = kindOf(kind);
    if (removeAll === undefined) return same.flatMap(([name, item]) => removeOne(host, name, item));
    return removeAll(
      kindContext(host, contentSource(host), secretHasher(host)),
      same.map(([, item]) => ({ item })),
    );
  });
  if (Object.values(items).some((item) => isUnitFile(host, item))) daemonReload(host);
  return aside;
}

/** What a resource had and is not declared to have any more: another name for the same thing is no loss. */
export function droppedItems(before: Items = {}, now: Items = {}): Items {
  return without(before, Object.values(now));
}

/** Items but those that another resource on the host has as well: with that they stay. */
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

function removeOne(host: Host, name: string, item: HostItem): readonly string[] {
  try {
    const scene = kindContext(host, contentSource(host), secretHasher(host));
    return kindOf(item.kind).remove(scene, { item });
  } catch (error) {
    const what = `${name} (${itemAddress(item)}) was not removed`;
    throw new MusterError({ what, why: reasonOf(error), cause: error });
  }
}

function isUnitFile(host: Host, item: HostItem): boolean {
  return item.kind === "file" && isUnitPath(host, item.path);
}
