import type { HostRecord } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import { AS_DECLARED, type HostItem, type Items, type Observation } from "../../model/items.ts";
import type { ObserveAnswer, Observed, ResourceItems } from "../../model/protocol.ts";
import type { ReadScope } from "../../model/reader-scope.ts";
import { subjectOf } from "../../model/resource-id.ts";
import { observe } from "../reconcile/observe.ts";
import { findRecord, readRecords } from "../store/records.ts";
import { isSecretItem } from "../store/secret-hasher.ts";
import { usersIn } from "../unmanaged/find-unmanaged.ts";

import type { Authorizer } from "./authorizer.ts";

/**
 * Lets a reader's key observe only what `up` has applied to this host. The items and their declared state are
 * read from the host's own records; a request only selects some of the items.
 */
export const readAuthorizer: Authorizer<ReadScope> = (scope) => ({
  observe: (host, request) => {
    const records = readRecords(host).filter((record) => isWithin(scope, record));
    const requested = request.resources ?? records.filter(({ owner }) => owner === request.owner);
    const queries = requested.map((resource) => buildQuery(resource, findRecord(records, resource.id)));
    const resources = queries.map(({ id, known }) => ({ id, items: known }));
    const wanted = request.unmanaged === true ? { unmanaged: true as const } : {};
    const answer = observe(host, { op: "observe", resources, ...wanted }, usersIn(records));
    const observed = answer.resources;
    return {
      resources: Object.fromEntries(queries.map((query) => [query.id, answerTo(query, observed[query.id])])),
      recorded: records.map(({ id, owner }) => ({ id, owner })),
      ...(answer.unmanaged && { unmanaged: answer.unmanaged }),
      ...repeatedAmong(answer, records),
    };
  },
});

/** Returns the repeated repairs in an observation that concern the resources of the given records. */
export function repeatedAmong(
  { repeated = [] }: ObserveAnswer,
  records: readonly HostRecord[],
): Pick<ObserveAnswer, "repeated"> {
  const own = repeated.filter(({ resource }) => records.some(({ id }) => id === resource));
  return own.length === 0 ? {} : { repeated: own };
}

interface Query {
  readonly id: string;
  readonly record: HostRecord | undefined;
  /** The requested items, as they were applied. */
  readonly known: Items;
  /** The names of the items that were never applied, or were applied at another address. */
  readonly unapplied: readonly string[];
}

function buildQuery({ id, items }: ResourceItems, record: HostRecord | undefined): Query {
  const known = Object.keys(items).flatMap((name) => {
    const applied = appliedItem(record, name);
    return applied !== undefined && isSamePlace(applied, items[name]) ? [[name, applied] as const] : [];
  });
  const names = new Set(known.map(([name]) => name));
  const unapplied = Object.keys(items).filter((name) => !names.has(name));
  return { id, record, known: Object.fromEntries(known), unapplied };
}

/**
 * Returns an item as it was applied; undefined if it was never applied. The client's own declaration is not used,
 * because a client could test guesses of a secret with such a declaration.
 */
function appliedItem(record: HostRecord | undefined, name: string): HostItem | undefined {
  if (record?.applied === undefined || !Object.hasOwn(record.items, name)) return undefined;
  const item = record.items[name];
  const want = record.applied[name];
  if (item === undefined || want === undefined) return undefined;
  return { ...item, want: isSecretItem(item) ? { ...want, content: AS_DECLARED } : want } as HostItem;
}

/** Whether two items have the same address on the host. Their other properties can differ. */
function isSamePlace(one: HostItem, other: unknown): boolean {
  if (typeof other !== "object" || other === null) return false;
  const place = (item: HostItem) =>
    JSON.stringify([item.kind, itemAddress(item), "actor" in item && item.actor, "secret" in item]);
  return place(one) === place(other as HostItem);
}

function answerTo({ record, known, unapplied }: Query, answer: Observed | undefined): Observed {
  const observed = Object.entries(answer?.observed ?? {}).map(([name, one]) => [name, withoutSeal(one)]);
  return {
    items: known,
    observed: Object.fromEntries(observed),
    ...(answer?.record && record && { record: answer.record }),
    ...(unapplied.length > 0 && { unapplied }),
  };
}

/**
 * Removes the seal from an observation, because a client could compare two seals to detect a changed secret.
 */
function withoutSeal(observation: Observation): Observation {
  if ("unknown" in observation) return observation;
  const { seal: _, ...props } = observation.props;
  return { ...observation, props };
}

function isWithin({ host, tenant }: ReadScope, { id }: HostRecord): boolean {
  if (tenant === undefined) return true;
  const owner = subjectOf(id);
  if (owner.host !== host) return false;
  if (owner.kind === "tenant") return owner.name === tenant.name;
  return owner.kind === "agent" && tenant.agents.includes(owner.name);
}
