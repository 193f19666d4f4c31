import { dirname } from "node:path";
import type { HostRecord } from "../../model/host-record.ts";
import type { HostItem, Items } from "../../model/items.ts";
import type { RemoveAnswer, RemoveRequest } from "../../model/protocol.ts";
import { type Accounts, readAccounts } from "../accounts/accounts.ts";
import type { Host } from "../context.ts";
import { removeEmptyParents } from "../kinds/path-item.ts";
import { refuseInUse } from "../kinds/user.ts";
import { forgetMove, leftBehind } from "../moves/cleanup.ts";
import { sweepContents } from "../store/contents.ts";
import { deleteRecord, findRecord, readRecords, refuseForeign, writeRecord } from "../store/records.ts";
import { withHostLock, withResourceLock } from "../system/locks.ts";
import { removeItems, withoutShared } from "./remove-items.ts";

/**
 * Removes one resource: what is declared of it and what its records know; the records go last. With the runtime goes
 * all that its stack has on the host: what a killed run made, the engine may never have learnt.
 */
export function removeResource(host: Host, request: RemoveRequest): RemoveAnswer {
  return withResourceLock(host, request.id, () => {
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
    const aside = removeItems(host, items);
    removeParents(host, Object.values(items), others);
    withHostLock(host, () => {
      const left = readRecords(host).filter((other) => !isGoing(other));
      sweepContents(host, left);
    });
    for (const { id } of [...going, request]) {
      forgetMove(host, id);
      deleteRecord(host, request.owner, id);
    }
    return { aside };
  });
}

/** The items under names that no two resources share. */
function itemsById(host: Host, { id, items }: Pick<HostRecord, "id" | "items">): Items {
  const fate = leftBehind(host, id);
  return Object.fromEntries(Object.entries(items).map(([name, item]) => [`${id}: ${name}`, fate(item)]));
}

/** Folders that were made on the way to an item go with the last thing in them, if nobody declares them. */
export function removeParents(host: Host, items: readonly HostItem[], others: readonly HostRecord[]): void {
  const declared = new Set(others.flatMap(({ items: theirs }) => Object.values(theirs).map(pathOf)));
  const accounts = readAccounts(host.paths.etc);
  for (const item of items) {
    const path = pathOf(item);
    const top = topOf(host, item, accounts);
    if (path === undefined || top === undefined) continue;
    const account = "actor" in item && item.actor ? accounts.users.get(item.actor) : undefined;
    // What lies directly in our own tree all stacks share, and one may just be making something in it.
    const mayGo = (dir: string) => !declared.has(dir) && dirname(dir) !== host.paths.state;
    removeEmptyParents(account, path, top, mayGo);
  }
}

/** The folder in which we may have made others: an actor's home, our own tree, or where our settings of units lie. */
function topOf(host: Host, item: HostItem, accounts: Accounts): string | undefined {
  if ("actor" in item && item.actor !== undefined) return accounts.users.get(item.actor)?.home;
  const { state, settings } = host.paths;
  return pathOf(item)?.startsWith(`${settings}/`) ? dirname(dirname(settings)) : state;
}

function pathOf(item: HostItem): string | undefined {
  return "path" in item ? item.path : undefined;
}
