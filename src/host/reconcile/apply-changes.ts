import { MusterError } from "../../base/errors.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import type {
  DirectoryItem,
  FileItem,
  HostItem,
  Items,
  Observation,
  Observations,
  Props,
} from "../../model/items.ts";
import { AGENT_PARTS, type AgentPart, labelOf, partOf } from "../../model/parts.ts";
import type { ConvergeRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { differs } from "../kinds/file-attributes.ts";
import type { ItemState, Kind, KindContext } from "../kinds/kind.ts";
import { removeUnfinished } from "../kinds/path-item.ts";
import { kindOf } from "../kinds/registry.ts";
import { contentSource } from "../store/contents.ts";
import { secretHasher } from "../store/secret-hasher.ts";
import { reasonOf } from "../system/error-reason.ts";
import { isAsWanted, itemStates, kindContext, observeAll } from "./observe-items.ts";
import type { Attempts } from "./part-attempts.ts";
import type { Comparison, ResourceTask } from "./resource-task.ts";
import { isRead, restartReaders } from "./restart-readers.ts";

/** A task that has something to do, and was begun. */
export interface PendingChange extends Comparison {
  readonly task: ResourceTask;
  /** The units that are to start again because of it. */
  readonly restart: readonly string[];
}

/**
 * Makes what is declared, of all changes at once, in the order of their items: what stands on the disk first; then
 * systemd reads changed units once and what read a changed file starts again; then the units themselves.
 *
 * @returns the units that are not started again yet
 */
export function applyAll(
  host: Host,
  changes: readonly PendingChange[],
): ReadonlyMap<ResourceTask, readonly string[]> {
  const written = changes.map((change) => ({ task: change.task, written: writeItems(host, change) }));
  const waiting = restartReaders(host, written);
  applyLate(host, changes);
  return waiting;
}

/** @returns the files and folders that others stand in the place of now */
function writeItems(host: Host, { task, observed, toDo }: PendingChange): (FileItem | DirectoryItem)[] {
  const { request, before, parts } = task;
  if (before?.intended) parts.run(undefined, () => removeAllUnfinished(host, before.items));
  const written: (FileItem | DirectoryItem)[] = [];
  for (const named of partByPart(itemStates(request.items, before, request.secrets))) {
    const [name, { item }] = named;
    if (!toDo.includes(name) || isLate(item)) continue;
    parts.run(partOf(name), () => {
      applyOne(host, request, named, observed[name]);
      if (isWritten(item, observed[name])) written.push(item);
    });
  }
  return written;
}

function isLate(item: HostItem): boolean {
  return kindOf(item.kind).afterReload === true;
}

/** What a part needs is made before it, so that a part which is held up is left as it is. */
function partByPart(named: readonly Named[]): Named[] {
  const parts: readonly (AgentPart | undefined)[] = AGENT_PARTS;
  const rank = ([name]: Named) => parts.indexOf(partOf(name));
  return named.toSorted((a, b) => rank(a) - rank(b));
}

/** An item that is made after systemd has read its files. */
interface Late {
  readonly task: ResourceTask;
  readonly named: Named;
}

function applyLate(host: Host, changes: readonly PendingChange[]): void {
  const late = changes.flatMap(({ task }) =>
    itemStates(task.request.items, task.before, task.request.secrets)
      .filter(([name, { item }]) => isLate(item) && task.parts.isOpen(partOf(name)))
      .map((named): Late => ({ task, named })),
  );
  const contents = Object.assign({}, ...changes.map(({ task }) => task.request.contents));
  const scene = kindContext(host, contentSource(host, contents), secretHasher(host));
  const now = observeAll(
    scene,
    late.map(({ named: [, subject] }) => subject),
  );
  const seen = new Map(late.map((one, i) => [one, now[i]]));
  const differing = late.filter((one) => !isAsWanted(one.named[1].item, seen.get(one)));
  for (const [kind, same] of Map.groupBy(differing, ({ named: [, { item }] }) => item.kind)) {
    const { convergeAll, convergeEach } = kindOf(kind);
    if (convergeEach !== undefined) applyEach(scene, same, convergeEach);
    else if (convergeAll !== undefined) applyTogether(host, same);
    else for (const one of same) applyAlone(host, one, seen.get(one));
  }
}

/** Items of many tasks at once, each of which may fail alone. */
function applyEach(
  scene: KindContext,
  same: readonly Late[],
  convergeEach: NonNullable<Kind["convergeEach"]>,
): void {
  const open = same.filter(({ task, named: [name] }) => task.parts.isOpen(partOf(name)));
  const errors = convergeEach(
    scene,
    open.map(({ named: [, subject] }) => subject),
  );
  for (const [i, { task, named }] of open.entries()) {
    if (errors[i] !== undefined) task.parts.run(partOf(named[0]), () => fail(task.request, named, errors[i]));
  }
}

/** Items of one part of a task at once; what fails names the item itself. */
function applyTogether(host: Host, same: readonly Late[]): void {
  for (const [task, ofTask] of Map.groupBy(same, (one) => one.task)) {
    for (const [part, ofPart] of Map.groupBy(ofTask, ({ named: [name] }) => partOf(name))) {
      const subjects = ofPart.map(({ named: [, subject] }) => subject);
      const [first] = subjects;
      if (first === undefined) continue;
      task.parts.run(part, () =>
        kindOf(first.item.kind).convergeAll?.(sceneFor(host, task.request), subjects),
      );
    }
  }
}

function applyAlone(host: Host, { task, named }: Late, observation: Observation | undefined): void {
  task.parts.run(partOf(named[0]), () => applyOne(host, task.request, named, observation));
}

/** Refuses what the host cannot have, before anything is written. */
export function refuseItems(host: Host, request: ConvergeRequest, parts: Attempts): void {
  for (const [part, named] of Map.groupBy(itemStates(request.items, undefined), ([name]) => partOf(name))) {
    const subjects = named.map(([, subject]) => subject);
    parts.run(part, () => {
      for (const [kind, same] of Map.groupBy(subjects, ({ item }) => item.kind)) {
        kindOf(kind).refuse?.(sceneFor(host, request), same);
      }
    });
  }
}

type Named = [name: string, subject: ItemState];

function removeAllUnfinished(host: Host, items: Items): void {
  const scene = kindContext(host, contentSource(host), secretHasher(host));
  for (const item of Object.values(items)) if ("path" in item) removeUnfinished(scene, item);
}

/** The units whose start is part of the change: those that read what is written, and that a killed run left so. */
export function unitsToStart(
  host: Host,
  items: Items,
  observed: Observations,
  before: HostRecord | undefined,
  toDo: readonly string[],
): string[] {
  const reading = toDo.flatMap((name) => {
    const item = items[name];
    if (item?.kind === "unit") return [item.name];
    return item !== undefined && isWritten(item, observed[name]) && item.notify && isRead(host, item)
      ? [item.notify]
      : [];
  });
  return [...new Set([...(before?.restart ?? []), ...reading])];
}

function applyOne(
  host: Host,
  request: ConvergeRequest,
  named: Named,
  observation: Observation | undefined,
): void {
  const [, subject] = named;
  try {
    // A scene of its own: the item before may have made the user that this one belongs to.
    kindOf(subject.item.kind).converge(sceneFor(host, request), subject, propsOf(observation));
  } catch (error) {
    fail(request, named, error);
  }
}

function fail({ id }: ConvergeRequest, [name, { item }]: Named, error: unknown): never {
  const next = error instanceof MusterError ? error.next : undefined;
  const part = partOf(name);
  const where = part === undefined ? id : `${id}: ${part}`;
  const what = `${where}: ${labelOf(name)} (${itemAddress(item)})`;
  throw new MusterError({ what, why: reasonOf(error), ...(next !== undefined && { next }), cause: error });
}

/** Whether another file or folder comes to stand there. */
function isWritten(item: HostItem, observation: Observation | undefined): item is FileItem | DirectoryItem {
  if (item.kind === "directory") return differs(item.want, propsOf(observation), "type");
  return item.kind === "file" && differs(item.want, propsOf(observation), "type", "content");
}

function propsOf(observation: Observation | undefined): Props {
  return observation !== undefined && "props" in observation ? observation.props : {};
}

function sceneFor(host: Host, request: ConvergeRequest) {
  return kindContext(host, contentSource(host, request.contents), secretHasher(host));
}
