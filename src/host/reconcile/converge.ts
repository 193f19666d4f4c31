import { partOf } from "../../model/agent-parts.ts";
import type { HostRecord } from "../../model/host-record.ts";
import type { Contents, Observations } from "../../model/items.ts";
import type { ConvergeAnswer, ConvergeRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { sweepInstallations } from "../installations/remove-unused-versions.ts";
import { refuseUserRemoval } from "../kinds/user.ts";
import { recordKept } from "../reports/history.ts";
import { type RequestContext, requestContext } from "../request-context.ts";
import { storeContents, sweepContents } from "../store/contents.ts";
import { noteFormerKeys } from "../store/former-keys.ts";
import { deleteRecord, readRecords, rewriteFormer, writeRecord } from "../store/records.ts";
import { makeKey } from "../store/secret-hasher.ts";
import { withHostLock, withResourceLocks } from "../system/locks.ts";
import { applyAll, type PendingChange, refuseItems, unitsToStart } from "./apply-changes.ts";
import { restoreAccess, separateFound, withOwnKeys } from "./give-back.ts";
import { noteDrift, noteRepairs } from "./note-repairs.ts";
import { itemStates, type NamedItem, observationsOf, observeAll } from "./observe-items.ts";
import { failureOf } from "./part-results.ts";
import {
  type Comparison,
  compareTask,
  isSameRecord,
  othersOf,
  prepareTask,
  type ResourceTask,
} from "./prepare-converge-task.ts";
import { removeParents } from "./remove.ts";
import { droppedItems, removeItems, withoutShared } from "./remove-items.ts";

/** The answer to a request, or the error with which the request failed. */
export type ConvergeOutcome = { readonly answer: ConvergeAnswer } | { readonly error: unknown };

/**
 * Brings one resource to its declared state; writes nothing if the resource is already in that state.
 *
 * @throws the error with which the request failed
 */
export function converge(host: Host, request: ConvergeRequest): ConvergeAnswer {
  const [outcome] = convergeAll(host, [request]);
  if (outcome === undefined || "error" in outcome) throw outcome?.error;
  return outcome.answer;
}

/**
 * Like `converge`, but for many resources with different ids. The host is observed once for all resources, and systemd
 * reloads once. If one resource fails, the other resources are still converged.
 */
export function convergeAll(host: Host, requests: readonly ConvergeRequest[]): ConvergeOutcome[] {
  const ids = requests.map(({ id }) => id);
  return withResourceLocks(host, ids, () => {
    const records = readRecords(host);
    makeKey(host);
    const sent: Contents = Object.assign({}, ...requests.map(({ contents }) => contents));
    const context = requestContext(host, sent);
    const prepared = requests.map((request) => attempt(() => prepareTask(context, records, request)));
    const tasks = prepared.flatMap((one) => ("error" in one ? [] : [one.value]));
    const outcomes = convergeTasks(context, tasks, records);
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

function convergeTasks(
  context: RequestContext,
  tasks: readonly ResourceTask[],
  records: readonly HostRecord[],
): ReadonlyMap<ResourceTask, ConvergeOutcome> {
  const { host } = context;
  const observed = observeTasks(context, tasks, ({ targets }) => targets);
  const comparisons = new Map(tasks.map((task) => [task, compareTask(task, observed.get(task) ?? {})]));
  const changes = [...comparisons].flatMap(([task, comparison]) =>
    comparison.isDone ? [] : [beginChange(context, task, comparison, othersOf(task, tasks, records))],
  );
  const waiting = applyAll(context, changes);
  finishChanges(host, changes);
  for (const [task, { isDone }] of comparisons) deleteReplaced(host, task, isDone);
  const changed = changes.map(({ task }) => task).filter(({ parts }) => parts.error === undefined);
  const after = observeTasks(context, changed, (task) => itemStates(task.request.items, task.after));
  for (const { task, ...comparison } of changes)
    noteRepairs(context, task, comparison, after.get(task) ?? {});
  return new Map(
    [...comparisons].map(([task, comparison]) => {
      return [task, outcomeOf(task, comparison, after.get(task), waiting.get(task) ?? [])];
    }),
  );
}

/** Deletes the resource's former records, after all other changes have been made. */
function deleteReplaced(host: Host, { parts, replaced, after }: ResourceTask, isDone: boolean): void {
  if (parts.error !== undefined) return;
  for (const { id, owner } of replaced) deleteRecord(host, owner, id);
  if (isDone) rewriteFormer(host, after);
}

/**
 * Records the intended state before anything is changed, so that the next run recognizes the items that a killed run
 * has created. Items that only the old record contains are removed before the new record replaces the old record.
 */
function beginChange(
  context: RequestContext,
  task: ResourceTask,
  comparison: Comparison,
  others: readonly HostRecord[],
): PendingChange {
  const { host } = context;
  const { request, before, after, parts } = task;
  const restart = unitsToStart(host, request.items, comparison.observed, before, comparison.toDo);
  refuseItems(context, task);
  noteDrift(context, task, comparison);
  parts.run(undefined, () => {
    const dropped = withoutShared(droppedItems(before?.items, request.items), others);
    for (const item of Object.values(separateFound(dropped, before?.found ?? {}).made))
      if (item.kind === "user") refuseUserRemoval(context, item);
    const { found = {} } = before ?? {};
    // Former units that are no longer declared are removed too. The agent still exists, so the kind of these items
    // releases them.
    const { made, kept } = separateFound(dropped, found);
    const units = Object.fromEntries(Object.entries(kept).filter(([, { kind }]) => kind === "unit"));
    for (const archived of removeItems(context, { ...made, ...units, ...withOwnKeys(kept) })) {
      task.overwritten.push(archived);
      recordKept(host, request.id, archived.path, archived.kept);
    }
    removeParents(context, Object.values(made), [...others, after]);
    restoreAccess(context, kept, found);
    const { applied: intended, ...rest } = after;
    // Without the lock, another run that has not read the new record could delete these contents as unused.
    withHostLock(host, () => {
      writeRecord(host, {
        ...rest,
        ...(before?.applied && { applied: before.applied }),
        ...(intended && { intended }),
        ...(restart.length > 0 && { restart }),
      });
      storeContents(host, request.items, request.contents);
    });
    noteFormerKeys(host, before, after);
  });
  return { task, ...comparison, restart };
}

/** Records the results. If no part of a resource could be changed, the resource's record keeps the intended state. */
function finishChanges(host: Host, changes: readonly PendingChange[]): void {
  const done = changes.filter(({ task }) => task.parts.error === undefined).map(recordAfter);
  recordErrors(host, changes);
  if (done.length === 0) return;
  withHostLock(host, () => {
    const others = readRecords(host).filter((other) => !done.some((one) => isSameRecord(one, other)));
    sweepContents(host, [...others, ...done]);
    sweepInstallations(host, [...others, ...done]);
  });
  for (const record of done) writeRecord(host, record);
}

/** Records why resources could not be changed, so that the next run does not treat this run as killed. */
function recordErrors(host: Host, changes: readonly PendingChange[]): void {
  const failed = changes.filter(({ task }) => task.parts.error !== undefined);
  if (failed.length === 0) return;
  const records = readRecords(host);
  for (const { task } of failed) {
    const record = records.find((one) => isSameRecord(one, task.after));
    if (record?.intended === undefined) continue;
    writeRecord(host, { ...record, error: failureOf(record.id, task.parts.error) });
  }
}

/**
 * Builds the record of the applied state, and of the intended state of the parts that have failed. A unit that this run
 * has started needs no restart by a later run, even if its start has failed.
 */
function recordAfter({ task: { before, after, parts }, restart }: PendingChange): HostRecord {
  const { failures, isOpen } = parts;
  if (failures.length === 0) return after;
  const isDone = (name: string) => isOpen(partOf(name));
  const isLeft = (name: string) => Object.hasOwn(after.items, name) && !isDone(name);
  const left = isOpen("unit") ? [] : restart.filter((unit) => !parts.started.has(unit));
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
  { parts, kept, overwritten }: ResourceTask,
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
      ...(overwritten.length > 0 && { overwritten }),
    },
  };
}

/** Observes the items of all tasks together. */
function observeTasks(
  context: RequestContext,
  tasks: readonly ResourceTask[],
  targetsOf: (task: ResourceTask) => readonly NamedItem[],
): ReadonlyMap<ResourceTask, Observations> {
  const targets = new Map(tasks.map((task) => [task, targetsOf(task)]));
  const observed = observeAll(context, [...targets.values()].flat());
  return new Map([...targets].map(([task, own]) => [task, observationsOf(own, observed)]));
}
