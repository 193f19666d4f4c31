import type { HostRecord } from "../../model/host-record.ts";
import type { ObserveAnswer, Observed, ObserveRequest, ResourceItems } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { allMarks } from "../moves/move-state.ts";
import { contentSource } from "../store/contents.ts";
import { findRecord, readRecords } from "../store/records.ts";
import { openRecord, secretHasher } from "../store/secret-hasher.ts";
import { findUnmanaged, usersIn } from "../unmanaged/find-unmanaged.ts";
import { itemStates, kindContext, observeAll } from "./observe-items.ts";

/**
 * Looks at many resources at once and changes nothing.
 *
 * @param users of whom it is told what nobody declared, where that is asked for; left out: all of ours
 */
export function observe(host: Host, request: ObserveRequest, users?: ReadonlySet<string>): ObserveAnswer {
  const records = readRecords(host);
  const resources = (request.resources ?? recordedBy(records, request.owner)).map(({ id, items }) => {
    const record = findRecord(records, id, request.owner);
    return { id, items, record, subjects: itemStates(items, record) };
  });
  const seal = secretHasher(host);
  const scene = kindContext(host, contentSource(host, request.contents), seal);
  const seen = observeAll(
    scene,
    resources.flatMap(({ subjects }) => subjects.map(([, subject]) => subject)),
  ).values();
  const answers = resources.map(({ id, items, record, subjects }): [string, Observed] => {
    const observed = Object.fromEntries(subjects.map(([name]) => [name, next(seen)]));
    return [id, { items, observed, ...(record && { record: openRecord(record, items, seal) }) }];
  });
  const moves = allMarks(host);
  return {
    resources: Object.fromEntries(answers),
    recorded: records.map(({ id, owner }) => ({ id, owner })),
    ...(moves.length > 0 && { moves }),
    ...(request.unmanaged && {
      unmanaged: findUnmanaged(host, scene.accounts, users ?? usersIn(records), records),
    }),
  };
}

function recordedBy(records: readonly HostRecord[], owner: string | undefined): ResourceItems[] {
  return records.filter((record) => record.owner === owner).map(({ id, items }) => ({ id, items }));
}

function next<T>(values: Iterator<T, undefined>): T {
  return values.next().value as T;
}
