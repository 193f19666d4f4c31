import { dirname } from "node:path";
import { mapKeys } from "../../base/objects.ts";
import { type Found, givenBack } from "../../model/found-items.ts";
import type { HostRecord } from "../../model/host-record.ts";
import type { HostItem, Items } from "../../model/items.ts";
import type { RemoveAnswer, RemoveRequest } from "../../model/protocol.ts";
import type { Host, RemovedResource } from "../context.ts";
import { sweepInstallations } from "../installations/remove-unused-versions.ts";
import { removeEmptyParents } from "../kinds/remove-path-item.ts";
import { refuseUserRemoval } from "../kinds/user.ts";
import { type RequestContext, requestContext } from "../request-context.ts";
import { sweepContents } from "../store/contents.ts";
import { deleteLedger } from "../store/ledgers.ts";
import { deleteRecord, findRecord, readRecords, refuseForeign, writeRecord } from "../store/records.ts";
import { withHostLock, withResourceLock } from "../system/locks.ts";
import { restoreAccess, restoreUnits, separateFound, withOwnKeys } from "./give-back.ts";
import { removeItems, withoutShared } from "./remove-items.ts";

/**
 * Removes one resource: its declared items and the items in its records, then the records themselves. If the resource
 * is the host runtime, removes everything that its stack has on the host, because Pulumi might not know the items that
 * a killed run has created.
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
    const requested = { ...request, ...(record?.found && { found: record.found }) };
    const removed = [...going, requested].map((one) => itemsToRemove(host, one));
    const known: Items = Object.assign({}, ...removed.map(({ items }) => items));
    const found: Found = Object.assign({}, ...removed.map((one) => one.found));
    const { made: items, kept } = separateFound(withoutShared(known, others), found);
    for (const item of Object.values(items)) if (item.kind === "user") refuseUserRemoval(context, item);
    for (const { applied: _, intended: __, failures: ___, restart: ____, ...record } of going)
      writeRecord(host, record);
    const aside = removeItems(context, { ...items, ...withOwnKeys(kept) }).map((archived) => archived.kept);
    removeParents(context, Object.values(items), others);
    restoreAccess(context, kept, found);
    const restored = restoreUnits(context, kept, found);
    withHostLock(host, () => {
      const left = readRecords(host).filter((other) => !isGoing(other));
      sweepContents(host, left);
      sweepInstallations(host, left);
    });
    for (const { id } of [...going, request]) {
      for (const hook of host.hooks) hook.afterRemove(host, id);
      deleteRecord(host, request.owner, id);
      deleteLedger(host, id);
    }
    return { aside, ...(restored.length > 0 && { givenBack: restored }) };
  });
}

/** Returns the items to remove, under names that are unique across resources, and the items to restore. */
function itemsToRemove(
  host: Host,
  resource: RemovedResource,
): Required<Pick<RemovedResource, "items" | "found">> {
  const { id, items, found } = host.hooks.reduce<RemovedResource>(
    (known, hook) => hook.toRemove(host, known),
    resource,
  );
  return { items: mapKeys(items, (name) => `${id}: ${name}`), found: givenBack(items, found) };
}

/**
 * Removes the empty folders above removed items, except folders that Muster cannot have
 * created or that a resource declares.
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
    // The folders directly in the state folder are shared by all stacks, and another stack might be writing
    // to them at this moment.
    const isRemovable = (dir: string) => !declared.has(dir) && dirname(dir) !== host.paths.state;
    removeEmptyParents(account, path, top, isRemovable);
  }
}

/**
 * Returns the top folder for an item. Only folders below the top folder may have been created by Muster. The
 * top folder is the actor's home, the state folder, or a folder above the drop-ins of services.
 */
function topOf({ host, accounts }: RequestContext, item: HostItem): string | undefined {
  if ("actor" in item && item.actor !== undefined) return accounts.users.get(item.actor)?.home;
  const { state, settings } = host.paths;
  return pathOf(item)?.startsWith(`${settings}/`) ? dirname(dirname(settings)) : state;
}

function pathOf(item: HostItem): string | undefined {
  return "path" in item ? item.path : undefined;
}
