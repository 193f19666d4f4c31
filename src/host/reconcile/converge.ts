import type { HostRecord } from "../../model/host-record.ts";
import type { Observations } from "../../model/items.ts";
import { partOf } from "../../model/parts.ts";
import type { ConvergeAnswer, ConvergeRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { contentSource, storeContents, sweepContents } from "../store/contents.ts";
import { deleteRecord, readRecords, rewriteFormer, writeRecord } from "../store/records.ts";
import { makeKey, secretHasher } from "../store/secret-hasher.ts";
import { withHostLock, withResourceLocks } from "../system/locks.ts";
import { applyAll, type PendingChange, refuseItems, unitsToStart } from "./apply-changes.ts";
import { itemStates, kindContext, observeAll } from "./observe-items.ts";
import { removeParents } from "./remove.ts";
import { droppedItems, removeItems, withoutShared } from "./remove-items.ts";
import { type Comparison, compare, isOf, othersOf, prepareTask, type ResourceTask } from "./resource-task.ts";

/** What came of a request. */
export type ConvergeOutcome = { readonly answer: ConvergeAnswer } | { readonly error: unknown };

/** Makes one resource as it is declared, and writes nothing at all where it is already. @throws what went wrong */
export function converge(host: Host, request: ConvergeRequest): ConvergeAnswer {
  const [outcome] = convergeAll(host, [request]);
  if (outcome === undefined || "error" in outcome) throw outcome?.error;
  return outcome.answer;
}

/**
 * The same for many at once, whose ids differ: the host is looked at once for all of them, and systemd reads its files
 * once. What goes wrong with one holds up no other.
 */
export function convergeAll(host: Host, requests: readonly ConvergeRequest[]): ConvergeOutcome[] {
  const ids = requests.map(({ id }) => id);
  return withResourceLocks(host, ids, () => {
    const records = readRecords(host);
    makeKey(host);
    const prepared = requests.map((request) => attempt(() => prepareTask(host, records, request)));
    const tasks = prepared.flatMap((one) => ("error" in one ? [] : [one.value]));
    const outcomes = outcomesOf(host, tasks, records);
    return prepared.map((one) => ("error" in one ? one : (outcomes.get(one.value) ?? { error: undefined })));
  });
}

type Attempted<T> = { readonly value: T } | { readonly error: unknown };

function attempt<T>(work: () => T): Attempted<T> {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}

function outcomesOf(
  host: Host,
  tasks: readonly ResourceTask[],
  records: readonly HostRecord[],
): ReadonlyMap<ResourceTask, ConvergeOutcome> {
  const seen = look(host, tasks, ({ before }) => before);
  const sights = new Map(tasks.map((task) => [task, compare(task, seen.get(task) ?? {})]));
  const changes = [...sights].flatMap(([task, sight]) =>
    sight.isDone ? [] : [begin(host, task, sight, othersOf(task, tasks, records))],
  );
  const waiting = applyAll(host, changes);
  finish(host, changes);
  for (const [task, { isDone }] of sights) tidy(host, task, isDone);
  const changed = changes.map(({ task }) => task).filter(({ parts }) => parts.error === undefined);
  const after = look(host, changed, (task) => task.after);
  return new Map(
    [...sights].map(([task, sight]) => {
      return [task, outcomeOf(task, sight, after.get(task), waiting.get(task) ?? [])];
    }),
  );
}

/** The records that a resource had before go last. */
function tidy(host: Host, { parts, replaced, after }: ResourceTask, isDone: boolean): void {
  if (parts.error !== undefined) return;
  for (const { id, owner } of replaced) deleteRecord(host, owner, id);
  if (isDone) rewriteFormer(host, after);
}

/**
 * Notes what is meant to be, before anything of it is made: a run killed later is known by that. What the old record
 * alone knows goes before the new one stands.
 */
function begin(
  host: Host,
  task: ResourceTask,
  sight: Comparison,
  others: readonly HostRecord[],
): PendingChange {
  const { request, before, after, parts } = task;
  const restart = unitsToStart(host, request.items, sight.observed, before, sight.toDo);
  refuseItems(host, request, parts);
  parts.run(undefined, () => {
    const dropped = withoutShared(droppedItems(before?.items, request.items), others);
    removeItems(host, dropped);
    removeParents(host, Object.values(dropped), [...others, after]);
    const { applied: intended, ...rest } = after;
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
  });
  return { task, ...sight, restart };
}

/** Notes what is done; what a change that failed as a whole had meant to be stays noted as such. */
function finish(host: Host, changes: readonly PendingChange[]): void {
  const done = changes.filter(({ task }) => task.parts.error === undefined).map(recordAfter);
  if (done.length === 0) return;
  withHostLock(host, () => {
    const others = readRecords(host).filter((other) => !done.some((one) => isOf(one, other)));
    sweepContents(host, [...others, ...done]);
  });
  for (const record of done) writeRecord(host, record);
}

/** What was applied, and of the parts that failed what was meant to be. */
function recordAfter({ task: { before, after, parts }, restart }: PendingChange): HostRecord {
  const { failures, isOpen } = parts;
  if (failures.length === 0) return after;
  const isDone = (name: string) => isOpen(partOf(name));
  const isLeft = (name: string) => Object.hasOwn(after.items, name) && !isDone(name);
  const left = isOpen("unit") ? [] : restart;
  return {
    ...after,
    applied: { ...pick(before?.applied, isLeft), ...pick(after.applied, isDone) },
    intended: pick(after.applied, isLeft),
    failures,
    ...(left.length > 0 && { restart: left }),
  };
}

function pick<T>(from: Readonly<Record<string, T>> = {}, isWanted: (name: string) => boolean) {
  return Object.fromEntries(Object.entries(from).filter(([name]) => isWanted(name)));
}

function outcomeOf(
  { parts, kept }: ResourceTask,
  { observed, changed }: Comparison,
  after: Observations | undefined,
  waiting: readonly string[],
): ConvergeOutcome {
  const { error, failures } = parts;
  if (error !== undefined) return { error };
  return {
    answer: {
      observed: after ?? observed,
      changed,
      ...(after !== undefined && kept.length > 0 && { kept }),
      ...(waiting.length > 0 && { waiting }),
      ...(failures.length > 0 && { failures }),
    },
  };
}

/** What the items of all these tasks are like, looked at once. @param recordOf what each is compared with */
function look(
  host: Host,
  tasks: readonly ResourceTask[],
  recordOf: (task: ResourceTask) => HostRecord | undefined,
): ReadonlyMap<ResourceTask, Observations> {
  const contents = Object.assign({}, ...tasks.map(({ request }) => request.contents));
  const scene = kindContext(host, contentSource(host, contents), secretHasher(host));
  const named = tasks.map((task) => itemStates(task.request.items, recordOf(task)));
  const seen = observeAll(
    scene,
    named.flatMap((subjects) => subjects.map(([, subject]) => subject)),
  ).values();
  const next = () => seen.next().value ?? { unknown: "not looked at" };
  return new Map(
    tasks.map((task, i) => [task, Object.fromEntries((named[i] ?? []).map(([name]) => [name, next()]))]),
  );
}
