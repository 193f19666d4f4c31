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
import type { Host } from "../context.ts";
import { differs } from "../kinds/file-attributes.ts";
import type { Kind } from "../kinds/kind.ts";
import { kindOf } from "../kinds/registry.ts";
import { removeUnfinished } from "../kinds/remove-path-item.ts";
import type { RequestContext } from "../request-context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { isAsWanted, type NamedItem, observeAll } from "./observe-items.ts";
import type { Comparison, ResourceTask } from "./resource-task.ts";
import { isRead, restartReaders } from "./restart-readers.ts";

/** A task that needs a change and whose intended state has been recorded. */
export interface PendingChange extends Comparison {
  readonly task: ResourceTask;
  /** The units that the change starts or restarts. */
  readonly restart: readonly string[];
}

/**
 * Makes all changes together, in three steps: applies the items that need no reload; has systemd reload once
 * and restarts the units that read a changed file; applies the items that need the reload, such as units.
 *
 * @returns for each task, the units whose restart is still pending
 */
export function applyAll(
  context: RequestContext,
  changes: readonly PendingChange[],
): ReadonlyMap<ResourceTask, readonly string[]> {
  const written = changes.map((change) => ({ task: change.task, written: writeItems(context, change) }));
  const waiting = restartReaders(context, written);
  applyAfterReload(context, changes);
  return waiting;
}

/** Applies the items that need no reload. @returns the files and folders that were replaced or created */
function writeItems(
  context: RequestContext,
  { task, observed, toDo }: PendingChange,
): (FileItem | DirectoryItem)[] {
  const { before, parts } = task;
  if (before?.intended) parts.run(undefined, () => removeAllUnfinished(context, before.items));
  const written: (FileItem | DirectoryItem)[] = [];
  for (const target of partByPart(task.targets)) {
    const { name, item } = target;
    if (!toDo.includes(name) || isAfterReload(item)) continue;
    parts.run(partOf(name), () => {
      applyOne(context, task, target, observed[name]);
      if (isReplaced(item, observed[name])) written.push(item);
    });
  }
  return written;
}

function isAfterReload(item: HostItem): boolean {
  return kindOf(item.kind).afterReload === true;
}

/**
 * Sorts an agent's items so that each part follows the parts that it needs. If a part fails, the parts that
 * need it are then skipped.
 */
function partByPart(targets: readonly NamedItem[]): NamedItem[] {
  const parts: readonly (AgentPart | undefined)[] = AGENT_PARTS;
  const rank = ({ name }: NamedItem) => parts.indexOf(partOf(name));
  return targets.toSorted((a, b) => rank(a) - rank(b));
}

/** Applies the items that can be applied only after systemd has reloaded. */
function applyAfterReload(context: RequestContext, changes: readonly PendingChange[]): void {
  const tasks = new Map(
    changes.flatMap(({ task }) =>
      task.targets
        .filter(({ name, item }) => isAfterReload(item) && task.parts.isOpen(partOf(name)))
        .map((target) => [target, task] as const),
    ),
  );
  const observed = observeAll(context, [...tasks.keys()]);
  const differing = [...tasks].filter(([target]) => !isAsWanted(target.item, observed.get(target)));
  for (const [kind, same] of Map.groupBy(differing, ([{ item }]) => item.kind)) {
    const { convergeAll, convergeEach } = kindOf(kind);
    if (convergeEach !== undefined) applyEach(context, same, convergeEach);
    else if (convergeAll !== undefined) applyTogether(context, same, convergeAll);
    else
      for (const [target, task] of same)
        task.parts.run(partOf(target.name), () => applyOne(context, task, target, observed.get(target)));
  }
}

type TaskItem = readonly [target: NamedItem, task: ResourceTask];

/** Applies items of many tasks at once. If one item fails, the others are not affected. */
function applyEach(
  context: RequestContext,
  same: readonly TaskItem[],
  convergeEach: NonNullable<Kind["convergeEach"]>,
): void {
  const open = same.filter(([{ name }, { parts }]) => parts.isOpen(partOf(name)));
  const errors = convergeEach(
    context,
    open.map(([target]) => target),
  );
  for (const [i, [target, task]] of open.entries()) {
    if (errors[i] === undefined) continue;
    task.parts.run(partOf(target.name), () => {
      throw itemError(task, target, errors[i]);
    });
  }
}

/** Applies all items of each part at once. The error that the kind throws already names the item. */
function applyTogether(
  context: RequestContext,
  same: readonly TaskItem[],
  convergeAll: NonNullable<Kind["convergeAll"]>,
): void {
  for (const [task, ofTask] of Map.groupBy(same, ([, task]) => task)) {
    const targets = ofTask.map(([target]) => target);
    for (const [part, ofPart] of Map.groupBy(targets, ({ name }) => partOf(name))) {
      context.refreshAccounts();
      task.parts.run(part, () => convergeAll(context, ofPart));
    }
  }
}

/** Refuses items that this host does not support, before anything is written. */
export function refuseItems(context: RequestContext, { targets, parts }: ResourceTask): void {
  context.refreshAccounts();
  for (const [part, ofPart] of Map.groupBy(targets, ({ name }) => partOf(name))) {
    parts.run(part, () => {
      for (const [kind, same] of Map.groupBy(ofPart, ({ item }) => item.kind)) {
        kindOf(kind).refuse?.(context, same);
      }
    });
  }
}

function removeAllUnfinished(context: RequestContext, items: Items): void {
  context.refreshAccounts();
  for (const item of Object.values(items)) if ("path" in item) removeUnfinished(context, item);
}

/**
 * Returns the units that the change starts or restarts, including units that a killed run should have
 * restarted.
 */
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
    return item !== undefined && isReplaced(item, observed[name]) && item.notify && isRead(host, item)
      ? [item.notify]
      : [];
  });
  return [...new Set([...(before?.restart ?? []), ...reading])];
}

function applyOne(
  context: RequestContext,
  task: ResourceTask,
  target: NamedItem,
  observation: Observation | undefined,
): void {
  try {
    // The previous item may have created the user that owns this one.
    context.refreshAccounts();
    kindOf(target.item.kind).converge(context, target, propsOf(observation));
  } catch (error) {
    throw itemError(task, target, error);
  }
}

/** Returns an error that names the item and keeps the reason of the original error. */
function itemError(
  { request: { id } }: ResourceTask,
  { name, item }: NamedItem,
  error: unknown,
): MusterError {
  const next = error instanceof MusterError ? error.next : undefined;
  const part = partOf(name);
  const where = part === undefined ? id : `${id}: ${part}`;
  const what = `${where}: ${labelOf(name)} (${itemAddress(item)})`;
  return new MusterError({ what, why: reasonOf(error), ...(next !== undefined && { next }), cause: error });
}

/** Whether the change creates the item's file or folder, or replaces what is at its path. */
function isReplaced(item: HostItem, observation: Observation | undefined): item is FileItem | DirectoryItem {
  if (item.kind === "directory") return differs(item.want, propsOf(observation), "type");
  return item.kind === "file" && differs(item.want, propsOf(observation), "type", "content");
}

function propsOf(observation: Observation | undefined): Props {
  return observation !== undefined && "props" in observation ? observation.props : {};
}
