import { isDeepStrictEqual } from "node:util";
import { diffItem } from "../../model/diff.ts";
import { secretDigest } from "../../model/digest.ts";
import { type HostRecord, joinRecords } from "../../model/host-record.ts";
import type { Items, Observations } from "../../model/items.ts";
import type { ConvergeRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { inKindOrder } from "../kinds/registry.ts";
import { endArrival, stayOrRefuse } from "../moves/cancel.ts";
import { archivedHomes } from "../reports/archived-homes.ts";
import { findRecord, refuseForeign } from "../store/records.ts";
import { hashSecrets, isSecretItem, secretHasher, withoutDigests } from "../store/secret-hasher.ts";
import { type Attempts, attempts } from "./part-attempts.ts";
import { renameItems } from "./rename-items.ts";

/** A request to converge one resource, with what the host has on record for it. */
export interface ResourceTask {
  /** With its items in the order in which they are made. */
  readonly request: ConvergeRequest;
  /** What was applied last, under whichever id and by whichever stack this one follows. */
  readonly before: HostRecord | undefined;
  readonly after: HostRecord;
  /** Records that this one takes the place of. */
  readonly replaced: readonly HostRecord[];
  /** Where an earlier resource's own data of the same name is kept. */
  readonly kept: readonly string[];
  readonly parts: Attempts;
}

/** What was seen of a task's items before anything was changed. */
export interface Comparison {
  readonly observed: Observations;
  /** `item.property` of all that differs. */
  readonly changed: readonly string[];
  /** The names of the items that are not as declared. */
  readonly toDo: readonly string[];
  /** Whether the host needs no change, and its record neither. */
  readonly isDone: boolean;
}

/**
 * Looks up what the host knows of a resource, and carries over what it had under another name.
 *
 * @throws MusterError where it is another stack's, or its home is elsewhere
 */
export function prepareTask(
  host: Host,
  records: readonly HostRecord[],
  request: ConvergeRequest,
): ResourceTask {
  const { id, owner, takesOver, formerly = [] } = request;
  const known = findRecord(records, id, owner);
  refuseForeign(known, owner, takesOver);
  endArrival(host, id, request.items);
  for (const item of Object.values(request.items)) if (item.kind === "unit") stayOrRefuse(host, item.name);
  const former = records.filter((record) => record.owner === owner && formerly.includes(record.id));
  const isTaken = (record: HostRecord) =>
    record.id === id && record.owner === takesOver && takesOver !== owner;
  const taken = records.filter(isTaken);
  const items = withSecretDigests(inKindOrder(request.items), request.secrets);
  const carried = former.map((record) => ({ ...record, items: renameItems(host, record.items, items) }));
  const before = joinRecords([...(known === undefined ? [] : [known]), ...carried, ...taken]);
  return {
    request: { ...request, items },
    before,
    after: recordOf(host, request, items, before),
    replaced: [...former, ...taken],
    kept: before === undefined ? archivedHomes(host, items) : [],
    parts: attempts(),
  };
}

/** The records of what else is on the host, as they are when all of these tasks are done. */
export function othersOf(
  task: ResourceTask,
  tasks: readonly ResourceTask[],
  records: readonly HostRecord[],
): HostRecord[] {
  const own = [task.after, ...task.replaced];
  const others = tasks.filter((other) => other !== task).map(({ after }) => after);
  const rest = records.filter((record) => ![...own, ...others].some((one) => isOf(one, record)));
  return [...rest.filter(({ id }) => id !== task.request.id), ...others];
}

export function isOf(one: HostRecord, { id, owner }: HostRecord): boolean {
  return one.id === id && one.owner === owner;
}

/** Compares what was observed with what is declared. */
export function compare(
  { request: { items }, before, after }: ResourceTask,
  observed: Observations,
): Comparison {
  const differences = Object.entries(items).map(([name, item]) => {
    const observation = observed[name] ?? { props: {} };
    return { name, isUnknown: "unknown" in observation, properties: diffItem(name, item, observation) };
  });
  const changed = differences.flatMap(({ name, properties }) =>
    properties.map(({ property }) => `${name}.${property}`),
  );
  // An item that could not be read is written too: what keeps it from being read may be what is repaired.
  const toDo = differences
    .filter((one) => one.isUnknown || one.properties.length > 0)
    .map(({ name }) => name);
  return { observed, changed, toDo, isDone: toDo.length === 0 && isDeepStrictEqual(before, after) };
}

/** The value that was sent decides what a secret's digest is. */
function withSecretDigests(items: Items, secrets: ConvergeRequest["secrets"]): Items {
  return Object.fromEntries(
    Object.entries(items).map(([name, item]) => {
      const value = secrets[name];
      if (value === undefined || !isSecretItem(item)) return [name, item];
      return [name, { ...item, want: { ...item.want, content: secretDigest(item.path, value) } }];
    }),
  );
}

function recordOf(host: Host, request: ConvergeRequest, items: Items, before?: HostRecord): HostRecord {
  const { id, type, owner } = request;
  const gate = host.gate?.account;
  const applied = hashSecrets(items, secretHasher(host), before?.applied);
  return { id, type, owner, ...(gate !== undefined && { gate }), items: withoutDigests(items), applied };
}
