import { MusterError } from "../../base/errors.ts";
import { digestOf } from "../../model/digest.ts";
import type { ContactsAnswer, ContactsRequest } from "../../model/duplicate-contacts.ts";
import { accountOf } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { rowsOf } from "../kinds/rows-declared.ts";
import { requestContext } from "../request-context.ts";
import { mergeAs } from "../sqlite/repair-process.ts";
import { keepBytes } from "../store/kept-copies.ts";
import { findRecord, readRecords } from "../store/records.ts";
import { withResourceLock } from "../system/locks.ts";
import { recordKept } from "./history.ts";

/**
 * Finds the duplicates in an agent's contact book with the agent's rights. If the request contains the digest of
 * exactly these duplicates, keeps a copy of all their rows and then merges the duplicates.
 */
export function contacts(host: Host, { resource, merge }: ContactsRequest): ContactsAnswer {
  return withResourceLock(host, resource, () => {
    const item = contactsItem(host, resource);
    const context = requestContext(host);
    const account = accountOf(context.accounts, item.actor);
    const { name, uid, gid } = account;
    const declared = rowsOf(context, item.want.rows) ?? {};
    const order = { path: item.path, table: item.table, walker: { name, uid, gid }, declared };
    const found = mergeAs(host, account, { ...order, merge: "find" }) ?? NOTHING;
    if (merge === undefined || found.duplicates.length === 0) return found;
    const rows = found.duplicates.map(({ kept, removed }) => [kept, ...removed]);
    const kept = keepBytes(host, item.path, Buffer.from(`${JSON.stringify(rows, null, 2)}\n`));
    recordKept(host, resource, item.path, kept);
    mergeAs(host, account, { ...order, merge });
    return { ...found, kept };
  });
}

const NOTHING: ContactsAnswer = { duplicates: [], digest: digestOf("[]") };

function contactsItem(host: Host, resource: string) {
  const items = Object.values(findRecord(readRecords(host), resource)?.items ?? {});
  const item = items.find((one) => one.kind === "rows");
  if (item !== undefined) return item;
  throw new MusterError({
    what: resource,
    why: "no `up` has applied contacts for it on this host",
    next: "Run `npx pulumi up`.",
  });
}
