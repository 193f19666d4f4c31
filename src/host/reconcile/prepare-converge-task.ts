import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { mapKeys } from "../../base/objects.ts";
import { diffItem } from "../../model/diff.ts";
import { secretDigest } from "../../model/digest.ts";
import type { Found } from "../../model/found-items.ts";
import { type HostRecord, joinRecords } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { Items, Observations } from "../../model/items.ts";
import type { ConvergeRequest, Overwritten } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { refuseLinks } from "../kinds/refuse-links.ts";
import { inKindOrder } from "../kinds/registry.ts";
import type { RequestContext } from "../request-context.ts";
import { refuseHeld } from "../store/items-of-other-stacks.ts";
import { findRecord, refuseForeign } from "../store/records.ts";
import { hashSecrets, isSecretItem, withoutDigests } from "../store/secret-hasher.ts";
import { listFolder } from "../system/read-if-present.ts";
import { findExisting } from "./found-items.ts";
import { itemStates, type NamedItem } from "./observe-items.ts";
import { newPartResults, type PartResults } from "./part-results.ts";
import { refuseStranger } from "./refuse-existing-user.ts";
import { renameItems } from "./rename-items.ts";

/** A request to converge one resource, and the data about the resource in the host's records. */
export interface ResourceTask {
  /** The request, with its items in the order in which they are created. */
  readonly request: ConvergeRequest;
  /** The request's items, each with its properties in `before`. */
  readonly targets: readonly NamedItem[];
  /**
   * The last applied state under any of the resource's ids, from this stack or from the stack from which this stack
   * takes over; undefined for a new resource.
   */
  readonly before: HostRecord | undefined;
  readonly after: HostRecord;
  /** The records that `after` replaces. */
  readonly replaced: readonly HostRecord[];
  /** For a new resource, the archive paths of data from an earlier resource with the same name. */
  readonly kept: readonly string[];
  readonly parts: PartResults;
  /** The entries that were replaced and kept. The list is filled while the work is done. */
  readonly overwritten: Overwritten[];
}

/** The comparison of a task's items with the host, before any change. */
export interface Comparison {
  readonly observed: Observations;
  /** Everything that differs, as `item.property`. */
  readonly changed: readonly string[];
  /** The names of the items that are not as declared. */
  readonly toDo: readonly string[];
  /** Whether neither the host nor the resource's record needs a change. */
  readonly isDone: boolean;
}

/**
 * Builds the task for a request, and renames the items that the resource owned under a former name.
 *
 * @throws MusterError if the resource belongs to another stack, or a hook refuses the change
 */
export function prepareTask(
  context: RequestContext,
  records: readonly HostRecord[],
  request: ConvergeRequest,
): ResourceTask {
  const { host } = context;
  const { id, owner, takesOver, formerly = [] } = request;
  const known = findRecord(records, id, owner);
  refuseForeign(known, owner, takesOver);
  refuseHeld(records, request);
  if (
    known === undefined &&
    request.type === "Agent" &&
    formerly.every((one) => !records.some(({ id }) => id === one))
  )
    refuseStranger(context, records, request.items);
  for (const hook of host.hooks) hook.beforeConverge(host, id, request.items);
  const former = records.filter((record) => record.owner === owner && formerly.includes(record.id));
  const isTaken = (record: HostRecord) =>
    record.id === id && record.owner === takesOver && takesOver !== owner;
  const taken = records.filter(isTaken);
  const items = withSecretDigests(inKindOrder(request.items), request.secrets);
  for (const record of former) refuseLinks(context, itemStates(record.items, record));
  const renamed = former.map((record) => renameRecord(context, record, items));
  const before = joinRecords([...(known === undefined ? [] : [known]), ...renamed, ...taken]);
  const found = ADOPTING.has(request.type) ? findExisting(context, items, before, records) : {};
  return {
    request: { ...request, items },
    targets: itemStates(items, before, request.secrets),
    before,
    after: buildRecord(context, request, items, found, before),
    replaced: [...former, ...taken],
    kept: before === undefined ? archivedHomes(host, items) : [],
    parts: newPartResults(),
    overwritten: [],
  };
}

/** The types of resources with items that can have existed before Muster: users, and homes with their contents. */
const ADOPTING: ReadonlySet<string> = new Set(["Agent", "Account", "Tenant"]);

/** Renames the items of a record, and returns the record with their current addresses. */
function renameRecord(context: RequestContext, record: HostRecord, now: Items): HostRecord {
  const items = renameItems(context, record.items, now);
  if (record.found === undefined) return { ...record, items };
  const addresses = new Map(
    Object.entries(record.items).map(([name, item]) => [itemAddress(item), itemAddress(items[name] ?? item)]),
  );
  return { ...record, items, found: mapKeys(record.found, (address) => addresses.get(address) ?? address) };
}

/**
 * Returns the records of all other resources on the host, as they will be when all tasks are done.
 */
export function othersOf(
  task: ResourceTask,
  tasks: readonly ResourceTask[],
  records: readonly HostRecord[],
): HostRecord[] {
  const own = [task.after, ...task.replaced];
  const others = tasks.filter((other) => other !== task).map(({ after }) => after);
  const rest = records.filter((record) => ![...own, ...others].some((one) => isSameRecord(one, record)));
  return [...rest.filter(({ id }) => id !== task.request.id), ...others];
}

/** Whether two records describe the same resource of the same stack. */
export function isSameRecord(one: HostRecord, { id, owner }: HostRecord): boolean {
  return one.id === id && one.owner === owner;
}

/** Compares the observed items with the declared items. */
export function compareTask(
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
  // An item that could not be read is applied too, because applying the item can repair the cause of the error.
  const toDo = differences
    .filter((one) => one.isUnknown || one.properties.length > 0)
    .map(({ name }) => name);
  return { observed, changed, toDo, isDone: toDo.length === 0 && isDeepStrictEqual(before, after) };
}

/** Returns the items with the digest of each secret, computed from the value that the client has sent. */
function withSecretDigests(items: Items, secrets: ConvergeRequest["secrets"]): Items {
  return Object.fromEntries(
    Object.entries(items).map(([name, item]) => {
      const value = secrets[name];
      if (value === undefined || !isSecretItem(item)) return [name, item];
      return [name, { ...item, want: { ...item.want, content: secretDigest(item.path, value) } }];
    }),
  );
}

function buildRecord(
  { host, hashSecret }: RequestContext,
  { id, type, owner }: ConvergeRequest,
  items: Items,
  found: Found,
  before?: HostRecord,
): HostRecord {
  const gate = host.gate?.account;
  const applied = hashSecrets(items, hashSecret, before?.applied);
  return {
    ...{ id, type, owner, ...(gate !== undefined && { gate }), items: withoutDigests(items) },
    ...(Object.keys(found).length > 0 && { found }),
    applied,
  };
}

/** Finds the archives of earlier homes that had the same names as the homes among the items. */
function archivedHomes(host: Host, items: Items): string[] {
  const homes = Object.values(items).flatMap((item) =>
    item.kind === "directory" && ["aside", "wipe"].includes(item.onRemove ?? "") ? [basename(item.path)] : [],
  );
  const archived = listFolder(host.paths.aside);
  const kept = homes.flatMap((name) => archived.filter((entry) => isArchiveOf(name, entry)));
  return kept.sort().map((entry) => `${host.paths.aside}/${entry}`);
}

/** Whether an entry is named `<name>-<time>`, with a time in the format of `compactTime`. */
function isArchiveOf(name: string, entry: string): boolean {
  return entry.startsWith(`${name}-`) && /^\d{8}T\d{9}Z$/.test(entry.slice(name.length + 1));
}
