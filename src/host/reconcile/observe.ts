import type { HostRecord } from "../../model/host-record.ts";
import type { ObserveAnswer, Observed, ObserveRequest, ResourceItems } from "../../model/protocol.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Host, LifecycleHooks } from "../context.ts";
import { type RequestContext, requestContext } from "../request-context.ts";
import { readRepeatedRepairs } from "../store/ledgers.ts";
import { findRecord, readRecords } from "../store/records.ts";
import { openRecord } from "../store/secret-hasher.ts";
import { findUnmanaged, usersIn } from "../unmanaged/find-unmanaged.ts";
import { findKeyCopies } from "../unmanaged/key-copies.ts";
import { itemStates, observationsOf, observeAll } from "./observe-items.ts";
import { addStrangerRefusal } from "./refuse-existing-user.ts";

/**
 * Observes many resources together and changes nothing.
 *
 * @param users the users to check if the request asks for unmanaged entries; if absent, all users
 * that Muster manages are checked
 */
export function observe(host: Host, request: ObserveRequest, users?: ReadonlySet<string>): ObserveAnswer {
  const records = readRecords(host);
  const context = requestContext(host, request.contents);
  const resources = (request.resources ?? recordedBy(records, request.owner)).map(({ id, items }) => {
    const record = findRecord(records, id, request.owner);
    return { id, items, record, targets: itemStates(items, record) };
  });
  const all = observeAll(
    context,
    resources.flatMap(({ targets }) => targets),
  );
  const answers = resources.map(({ id, items, record, targets }): [string, Observed] => {
    const opened = record && openRecord(record, items, context.hashSecret);
    const found = observationsOf(targets, all);
    const isNewAgent = record === undefined && agentOf(id) !== undefined;
    const observed = isNewAgent ? addStrangerRefusal(context, records, items, found) : found;
    return [id, { items, observed, ...(opened && { record: opened }) }];
  });
  const repeated = readRepeatedRepairs(
    host,
    records.map(({ id }) => id),
  );
  return {
    resources: Object.fromEntries(answers),
    recorded: records.map(({ id, owner }) => ({ id, owner })),
    ...addedByHooks(host),
    ...(repeated.length > 0 && { repeated }),
    ...(request.unmanaged && { unmanaged: unmanagedOn(context, records, users) }),
  };
}

function unmanagedOn(
  { host, accounts }: RequestContext,
  records: readonly HostRecord[],
  users: ReadonlySet<string> | undefined,
): readonly Unmanaged[] {
  const checked = users ?? usersIn(records);
  return [
    ...findUnmanaged(host, accounts, checked, records, users === undefined),
    ...findKeyCopies(host, accounts, checked, records),
  ];
}

function addedByHooks(host: Host): ReturnType<LifecycleHooks["addToObservation"]> {
  let added = {};
  for (const hook of host.hooks) added = { ...added, ...hook.addToObservation(host) };
  return added;
}

function recordedBy(records: readonly HostRecord[], owner: string | undefined): ResourceItems[] {
  return records.filter((record) => record.owner === owner).map(({ id, items }) => ({ id, items }));
}
