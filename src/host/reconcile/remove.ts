import { dirname } from "node:path";
import type { HostRecord } from "../../model/host-record.ts";
import type { HostItem, Items } from "../../model/items.ts";
import type { RemoveAnswer, RemoveRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { removeEmptyParents } from "../kinds/remove-path-item.ts";
import { refuseInUse } from "../kinds/user.ts";
import { type RequestContext, requestContext } from "../request-context.ts";
import { sweepContents } from "../store/contents.ts";
import { deleteRecord, findRecord, readRecords, refuseForeign, writeRecord } from "../store/records.ts";
import { withHostLock, withResourceLock } from "../system/locks.ts";
import { removeItems, withoutShared } from "./remove-items.ts";

/**
 * Removes one resource: its declared items and the items in its records, then the records themselves. If the
 * resource is the host runtime, removes everything that its stack has on the host, because the engine may not
 * know what a killed run has created.
 */
export function removeResource(host: Host, request: RemoveRequest): RemoveAnswer {
  return withResourceLock(host, request.id, () => {
    const context = requestContext(host);
    const records = readRecords(host);
    const record = findRecord(records, request.id, request.owner);
    refuseForeign(record, request.owner);
    const isLast = Object.values(request.items).some(({ kind }) => kind === "runtime");
    const isGoing = (other: HostRecord) =>
      other.owner === request.owner && (isLast || other.id === request.id);
    const [going, others] = [records.filter(isGoing), records.filter((other) => !isGoing(other))];
    const known: Items = Object.assign({}, ...[...going, request].map((one) => itemsById(host, one)));
    const items = withoutShared(known, others);
    for (const item of Object.values(items)) if (item.kind === "user") refuseInUse(host, item.name);
    for (const { id, type, owner, gate, items } of going) {
      writeRecord(host, { id, type, owner, ...(gate !== undefined && { gate }), items });
    }
    const aside = removeItems(context, items);
    removeParents(context, Object.values(items), others);
    withHostLock(host, () => {
      const left = readRecords(host).filter((other) => !isGoing(other));
      sweepContents(host, left);
    });
    for (const { id } of [...going, request]) {
      for (const hook of host.hooks) hook.afterRemove(host, id);
      deleteRecord(host, request.owner, id);
    }
    return { aside };
  });
}

/** Returns the items to remove, under names that are unique across resources. */
function itemsById(host: Host, { id, items }: Pick<HostRecord, "id" | "items">): Items {
  const removed = host.hooks.reduce((known, hook) => hook.itemsToRemove(host, id, known), items);
  return Object.fromEntries(Object.entries(removed).map(([name, item]) => [`${id}: ${name}`, item]));
}

/**
 * Removes the empty folders above removed items if Muster may have created those folders and no resource
 * declares them.
 */
export function removeParents(
  context: RequestContext,
  items: readonly HostItem[],
  others: readonly HostRecord[],
): void {
  const declared = new Set(others.flatMap(({ items: theirs }) => Object.values(theirs).map(pathOf)));
  context.refreshAccounts();
  const { accounts, host } = context;
  for (const item of items) {
    const path = pathOf(item);
    const top = topOf(context, item);
    if (path === undefined || top === undefined) continue;
    const account = "actor" in item && item.actor ? accounts.users.get(item.actor) : undefined;
    // The folders directly in the state folder are shared by all stacks, and another stack may be writing to
    // them at this moment.
    const isRemovable = (dir: string) => !declared.has(dir) && dirname(dir) !== host.paths.state;
    removeEmptyParents(account, path, top, isRemovable);
  }
}

/**
 * Returns the folder below which Muster may have created the folders above an item: the actor's home, the
 * state folder, or a folder above the drop-ins of services.
 */
function topOf({ host, accounts }: RequestContext, item: HostItem): string | undefined {
  if ("actor" in item && item.actor !== undefined) return accounts.users.get(item.actor)?.home;
  const { state, settings } = host.paths;
  return pathOf(item)?.startsWith(`${settings}/`) ? dirname(dirname(settings)) : state;
}

function pathOf(item: HostItem): string | undefined {
  return "path" in item ? item.path : undefined;
}
