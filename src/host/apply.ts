import { MusterError } from "../base/errors.ts";
import { addressOf } from "../model/address.ts";
import type {
  DirectoryItem,
  FileItem,
  HostItem,
  Items,
  Observation,
  Observations,
  Props,
} from "../model/items.ts";
import type { ConvergeRequest } from "../model/protocol.ts";
import type { HostRecord } from "../model/record.ts";
import type { Host } from "./context.ts";
import type { Subject } from "./kinds/kind.ts";
import { kindOf } from "./kinds/registry.ts";
import { differs } from "./kinds/standing.ts";
import { removeUnfinished } from "./kinds/thing.ts";
import { isAsWanted, lookAtItems, sceneOf, subjectsOf } from "./look.ts";
import { reasonOf } from "./reason.ts";
import { isRead, startAgain } from "./restart.ts";
import { sourceOf } from "./store/contents.ts";
import { sealOf } from "./store/seal.ts";

export interface Work {
  readonly before: HostRecord | undefined;
  readonly observed: Observations;
  /** The names of the items that are not as declared. */
  readonly toDo: readonly string[];
}

/**
 * Makes items as they are declared, in their order: what stands on the disk first; then systemd reads
 * changed units once and what read a changed file starts again; then the units themselves.
 *
 * @returns the units that are not started again yet
 */
export function applyItems(host: Host, request: ConvergeRequest, { before, observed, toDo }: Work): string[] {
  if (before?.intended) removeAllUnfinished(host, before.items);
  const subjects = subjectsOf(request.items, before, request.secrets);
  const onDisk = subjects.filter(([name, { item }]) => toDo.includes(name) && !kindOf(item.kind).afterReload);
  for (const named of onDisk) applyOne(host, request, named, observed[named[0]]);
  const written = onDisk.flatMap(([name, { item }]) => (isWritten(item, observed[name]) ? [item] : []));
  const waiting = startAgain(host, request, written, before?.restart);
  const late = subjects.filter(([, { item }]) => kindOf(item.kind).afterReload);
  const now = lookAtItems(sceneFor(host, request), late);
  const differing = late.filter(([name, { item }]) => !isAsWanted(item, now[name]));
  for (const [kind, same] of Map.groupBy(differing, ([, { item }]) => item.kind)) {
    if (kindOf(kind).convergeAll !== undefined) applyAll(host, request, same);
    else for (const named of same) applyOne(host, request, named, now[named[0]]);
  }
  return waiting;
}

/** Refuses what the host cannot have, before anything is written. @throws MusterError */
export function refuseItems(host: Host, request: ConvergeRequest): void {
  const subjects = subjectsOf(request.items, undefined).map(([, subject]) => subject);
  for (const [kind, same] of Map.groupBy(subjects, ({ item }) => item.kind)) {
    kindOf(kind).refuse?.(sceneFor(host, request), same);
  }
}

function removeAllUnfinished(host: Host, items: Items): void {
  const scene = sceneOf(host, sourceOf(host), sealOf(host));
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
  [name, subject]: readonly [string, Subject],
  observation: Observation | undefined,
): void {
  try {
    // A scene of its own: the item before may have made the user that this one belongs to.
    kindOf(subject.item.kind).converge(sceneFor(host, request), subject, propsOf(observation));
  } catch (error) {
    const next = error instanceof MusterError ? error.next : undefined;
    const what = `${request.id}: ${name} (${addressOf(subject.item)})`;
    throw new MusterError({ what, why: reasonOf(error), ...(next !== undefined && { next }), cause: error });
  }
}

/** Applies items of one kind at once; what fails names the item itself. */
function applyAll(
  host: Host,
  request: ConvergeRequest,
  named: readonly (readonly [string, Subject])[],
): void {
  const subjects = named.map(([, subject]) => subject);
  const [first] = subjects;
  if (first !== undefined) kindOf(first.item.kind).convergeAll?.(sceneFor(host, request), subjects);
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
  return sceneOf(host, sourceOf(host, request.contents), sealOf(host));
}
