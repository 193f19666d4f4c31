import type { HostItem, Items } from "../model/items.ts";
import type { RemoveAnswer, RemoveRequest } from "../model/protocol.ts";
import type { HostRecord } from "../model/record.ts";
import { type Accounts, readAccounts } from "./accounts.ts";
import type { Host } from "./context.ts";
import { removeEmptyParents } from "./kinds/thing.ts";
import { withLock } from "./lock.ts";
import { removeItems, withoutShared } from "./remove-items.ts";
import { sweepContents } from "./store/contents.ts";
import { deleteRecord, findRecord, readRecords, refuseForeign, writeRecord } from "./store/records.ts";

/**
 * Removes one resource: what is declared of it and what its records know; the records go last. With the runtime goes
 * all that its stack has on the host: what a killed run made, the engine may never have learnt.
 */
export function remove(host: Host, request: RemoveRequest): RemoveAnswer {
  return withLock(host, () => {
    const records = readRecords(host);
    const record = findRecord(records, request.id, request.owner);
    refuseForeign(record, request.owner);
    const isLast = Object.values(request.items).some(({ kind }) => kind === "runtime");
    const going = records.filter((other) => other === record || (isLast && other.owner === request.owner));
    const others = records.filter((other) => !going.includes(other));
    const named: Items = Object.assign({}, ...going.map(itemsById), itemsById(request));
    const items = withoutShared(named, others);
    for (const { id, type, owner, items } of going) writeRecord(host, { id, type, owner, items });
    const aside = removeItems(host, items);
    removeParents(host, Object.values(items), others);
    sweepContents(host, others);
    for (const { id } of [...going, request]) deleteRecord(host, request.owner, id);
    return { aside };
  });
}

/** The items under names that no two resources share. */
function itemsById({ id, items }: Pick<HostRecord, "id" | "items">): Items {
  return Object.fromEntries(Object.entries(items).map(([name, item]) => [`${id}: ${name}`, item]));
}

/** Folders that were made on the way to an item go with the last thing in them, if nobody declares them. */
function removeParents(host: Host, items: readonly HostItem[], others: readonly HostRecord[]): void {
  const declared = new Set(others.flatMap(({ items: theirs }) => Object.values(theirs).map(pathOf)));
  const accounts = readAccounts(host.paths.etc);
  for (const item of items) {
    const path = pathOf(item);
    const top = topOf(host, item, accounts);
    if (path === undefined || top === undefined) continue;
    const account = "actor" in item && item.actor ? accounts.users.get(item.actor) : undefined;
    removeEmptyParents(account, path, top, (dir) => !declared.has(dir));
  }
}

/** The folder in which we may have made others: an actor's home, or our own tree. */
function topOf(host: Host, item: HostItem, accounts: Accounts): string | undefined {
  if ("actor" in item && item.actor !== undefined) return accounts.users.get(item.actor)?.home;
  return host.paths.state;
}

function pathOf(item: HostItem): string | undefined {
  return "path" in item ? item.path : undefined;
}
