import { isDeepStrictEqual } from "node:util";
import { diffItem } from "../model/diff.ts";
import { secretDigest } from "../model/digest.ts";
import type { Items, Observations } from "../model/items.ts";
import type { ConvergeAnswer, ConvergeRequest } from "../model/protocol.ts";
import type { HostRecord } from "../model/record.ts";
import { applyItems, refuseItems, unitsToStart } from "./apply.ts";
import { carryOver } from "./carry-over.ts";
import type { Host } from "./context.ts";
import { keptAside } from "./kept-aside.ts";
import { inOrder } from "./kinds/registry.ts";
import { withHostLock, withResourceLock } from "./lock.ts";
import { lookAtItems, sceneOf, subjectsOf } from "./look.ts";
import { endArrival, stayOrRefuse } from "./moves/stay.ts";
import { removeParents } from "./remove.ts";
import { droppedItems, removeItems, withoutShared } from "./remove-items.ts";
import { sourceOf, storeContents, sweepContents } from "./store/contents.ts";
import { deleteRecord, findRecord, readRecords, refuseForeign, writeRecord } from "./store/records.ts";
import { isSecret, makeKey, sealOf, sealWants, withoutDigests } from "./store/seal.ts";

/** Makes one resource as it is declared, and writes nothing at all where it is already. */
export function converge(host: Host, request: ConvergeRequest): ConvergeAnswer {
  return withResourceLock(host, request.id, () => {
    const records = readRecords(host);
    const known = findRecord(records, request.id, request.owner);
    refuseForeign(known, request.owner, request.takesOver);
    for (const item of Object.values(request.items)) if (item.kind === "unit") stayOrRefuse(host, item.name);
    endArrival(host, request.id, request.items);
    const former = formerRecords(records, request);
    const taken = records.filter(({ id, owner }) => id === request.id && owner === takenFrom(request));
    const others = records.filter((record) => record.id !== request.id && !former.includes(record));
    makeKey(host);
    const items = withSecretDigests(inOrder(request.items), request.secrets);
    const carried = former.map((record) => ({ ...record, items: carryOver(host, record.items, items) }));
    const before = known ?? carried[0];
    const after = recordOf(host, request, items, before);
    const kept = before === undefined ? keptAside(host, items) : [];
    const observed = look(host, request, items, before);
    const changed = differences(items, observed);
    const toDo = Object.keys(items).filter((name) => isToDo(name, changed, observed));
    const isDone = toDo.length === 0 && isDeepStrictEqual(before, after);
    const waiting = isDone
      ? []
      : change(host, { ...request, items }, { before, after, observed, toDo, others });
    for (const { id, owner } of [...former, ...taken]) deleteRecord(host, owner, id);
    if (isDone) return { observed, changed };
    return {
      observed: look(host, request, items, after),
      changed,
      ...(kept.length > 0 && { kept }),
      ...(waiting.length > 0 && { waiting }),
    };
  });
}

function takenFrom({ owner, takesOver }: ConvergeRequest): string | undefined {
  return takesOver === owner ? undefined : takesOver;
}

interface Change {
  readonly before: HostRecord | undefined;
  readonly after: HostRecord;
  /** Those of the host's other resources. */
  readonly others: readonly HostRecord[];
  readonly observed: Observations;
  readonly toDo: readonly string[];
}

/**
 * The record says first what is meant to be, and last that it is: a run killed in between is known by that. What the
 * old record alone knows goes before the new one stands, and what nobody may miss comes after.
 *
 * @returns the units that are not started again yet
 */
function change(host: Host, request: ConvergeRequest, work: Change): string[] {
  const { before, after, others, observed, toDo } = work;
  refuseItems(host, request);
  const dropped = withoutShared(droppedItems(before?.items, request.items), others);
  removeItems(host, dropped);
  removeParents(host, Object.values(dropped), [...others, after]);
  const { applied: intended, ...rest } = after;
  const restart = unitsToStart(host, request.items, observed, before, toDo);
  // Another run's sweep may not come between the record and the bytes that it names.
  withHostLock(host, () => {
    writeRecord(host, {
      ...rest,
      ...(before?.applied && { applied: before.applied }),
      ...(intended && { intended }),
      ...(restart.length > 0 && { restart }),
    });
    storeContents(host, request.items, request.contents);
  });
  const waiting = applyItems(host, request, { before, observed, toDo });
  withHostLock(host, () =>
    sweepContents(host, [...readRecords(host).filter((other) => !isOf(other, after)), after]),
  );
  writeRecord(host, after);
  return waiting;
}

function isOf(record: HostRecord, { id, owner }: HostRecord): boolean {
  return record.id === id && record.owner === owner;
}

/** What this resource has under the ids that it had before. */
function formerRecords(
  records: readonly HostRecord[],
  { formerly = [], owner }: ConvergeRequest,
): HostRecord[] {
  return records.filter((record) => record.owner === owner && formerly.includes(record.id));
}

function look(host: Host, request: ConvergeRequest, items: Items, record?: HostRecord): Observations {
  const scene = sceneOf(host, sourceOf(host, request.contents), sealOf(host));
  return lookAtItems(scene, subjectsOf(items, record));
}

/** `item.property` of all that differs. */
function differences(items: Items, observed: Observations): string[] {
  return Object.entries(items).flatMap(([name, item]) => {
    const observation = observed[name];
    if (observation === undefined) return [];
    return diffItem(name, item, observation).map(({ property }) => `${name}.${property}`);
  });
}

/** An item that could not be told is written too: what keeps it from being read may be what is mended. */
function isToDo(name: string, changed: readonly string[], observed: Observations): boolean {
  return "unknown" in (observed[name] ?? {}) || changed.some((path) => path.startsWith(`${name}.`));
}

/** The value that was sent decides what a secret's digest is. */
function withSecretDigests(items: Items, secrets: ConvergeRequest["secrets"]): Items {
  return Object.fromEntries(
    Object.entries(items).map(([name, item]) => {
      const value = secrets[name];
      if (value === undefined || !isSecret(item)) return [name, item];
      return [name, { ...item, want: { ...item.want, content: secretDigest(item.path, value) } }];
    }),
  );
}

function recordOf(host: Host, request: ConvergeRequest, items: Items, before?: HostRecord): HostRecord {
  const { id, type, owner } = request;
  const gate = host.gate?.account;
  const applied = sealWants(items, sealOf(host), before?.applied);
  return { id, type, owner, ...(gate !== undefined && { gate }), items: withoutDigests(items), applied };
}
