import { MusterError } from "../../base/errors.ts";
import { AGENT_PARTS, type AgentPart, labelOf, partOf } from "../../model/agent-parts.ts";
import { withFoundAccess } from "../../model/as-found.ts";
import { isFormerUnit } from "../../model/found-items.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import {
  type HostItem,
  type Items,
  type Observation,
  type Observations,
  type Props,
  QUARANTINED,
} from "../../model/items.ts";
import { asRoot } from "../accounts/as-user.ts";
import type { Host } from "../context.ts";
import { differs } from "../kinds/file-attributes.ts";
import type { Kind } from "../kinds/kind.ts";
import { isKeptLogin } from "../kinds/login-file.ts";
import { refuseLinks } from "../kinds/refuse-links.ts";
import { kindOf } from "../kinds/registry.ts";
import { removeUnfinished } from "../kinds/remove-path-item.ts";
import { recordKept } from "../reports/history.ts";
import type { RequestContext } from "../request-context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { explainImmutable } from "../system/immutable-file-error.ts";
import { readPause } from "../units/quarantine.ts";
import { isAsWanted, type NamedItem, observeAll } from "./observe-items.ts";
import type { Comparison, ResourceTask } from "./prepare-converge-task.ts";
import { isRead, type ReadAtStart, restartReaders } from "./restart-readers.ts";

/** A task that needs a change. Its intended state has already been recorded. */
export interface PendingChange extends Comparison {
  readonly task: ResourceTask;
  /** The units that the change starts or restarts. */
  readonly restart: readonly string[];
}

/**
 * Makes all changes together, in three steps. First, applies the items that need no reload. Then makes
 * systemd reload once, and restarts the units that read a changed file. Finally, applies the items that need
 * the reload, such as units.
 *
 * @returns for each task, the units with a pending restart
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

/** Applies the items that need no reload. @returns the items that a unit must read again */
export function writeItems(context: RequestContext, { task, observed, toDo }: PendingChange): ReadAtStart[] {
  const { before, parts } = task;
  if (before?.intended) parts.run(undefined, () => removeAllUnfinished(context, before.items));
  const written: ReadAtStart[] = [];
  for (const target of partByPart(task.targets)) {
    const { name, item } = target;
    const isOpen = toDo.includes(name) || kindOf(item.kind).isCheck === true;
    if (!isOpen || isAfterReload(item)) continue;
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
 * Sorts an agent's items so that each part follows the parts that it needs. If a part fails, the parts that need the
 * failed part are skipped.
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

/** Applies items of many tasks together. If one item fails, the other items are not affected. */
function applyEach(
  context: RequestContext,
  same: readonly TaskItem[],
  convergeEach: NonNullable<Kind["convergeEach"]>,
): void {
  const open = same.filter(([{ name }, { parts }]) => parts.isOpen(partOf(name)));
  for (const [{ item }, { parts }] of open) if (item.kind === "unit") parts.started.add(item.name);
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

/** Applies all items of each part together. The error that the kind throws already names the item. */
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

/**
 * Refuses items that this host does not support, before anything is written. A link that is not followed refuses the
 * entire resource; any other item refuses only the parts that need the item.
 */
export function refuseItems(context: RequestContext, { targets, parts }: ResourceTask): void {
  context.refreshAccounts();
  parts.run(undefined, () => refuseLinks(context, targets));
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
    if (item?.kind === "unit") return isQuarantined(observed[name]) ? [] : [item.name];
    return item !== undefined && isReplaced(item, observed[name]) && item.notify && isRead(host, item)
      ? [item.notify]
      : [];
  });
  // A unit that Muster did not create reads no files of Muster, and its processes must not end.
  const foreign = new Set(Object.values(items).flatMap((item) => (isFormerUnit(item) ? [item.name] : [])));
  const units = [...new Set([...(before?.restart ?? []), ...reading])];
  return units.filter((unit) => !foreign.has(unit) && readPause(host, unit) === undefined);
}

/** Whether a unit is in quarantine. The unit is released only by a change to a file that it reads. */
function isQuarantined(observation: Observation | undefined): boolean {
  return propsOf(observation)["active"] === QUARANTINED;
}

function applyOne(
  context: RequestContext,
  task: ResourceTask,
  target: NamedItem,
  observation: Observation | undefined,
): void {
  try {
    // The accounts are read again, because the previous item may have created the user that owns this item.
    context.refreshAccounts();
    const observed = propsOf(observation);
    const item = withFoundAccess(target.item, { ...firstGroup(context, target.item), ...observed });
    kindOf(item.kind).converge(context, { ...target, item }, observed, (kept) =>
      noteKept(context.host, task, target.item, kept),
    );
  } catch (error) {
    throw itemError(task, target, explainImmutable(context.host, target.item, error));
  }
}

/**
 * Returns the current primary group of the user to whom a path belongs. A file that is created in a home before the
 * take-over gets this group, because the user is not in its tenant's group yet.
 */
function firstGroup({ accounts }: RequestContext, item: HostItem): Props {
  const user = "actor" in item && item.actor !== undefined ? accounts.users.get(item.actor) : undefined;
  return user === undefined ? {} : { group: accounts.groupName(user.gid) };
}

/** Records, in the history and for the answer, that an entry was kept before the change. */
function noteKept(host: Host, { request, overwritten }: ResourceTask, item: HostItem, kept: string): void {
  const path = "path" in item ? item.path : itemAddress(item);
  overwritten.push({ path, kept });
  // The item may be applied with the rights of its actor.
  asRoot(() => recordKept(host, request.id, path, kept));
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

/**
 * Whether the change creates the item's file or folder, replaces the entry at the item's path, changes the groups of a
 * user, or resets a checkout.
 */
function isReplaced(item: HostItem, observation: Observation | undefined): item is ReadAtStart {
  if (item.kind === "user") return differs(item.want, propsOf(observation), "groups");
  if (item.kind === "checkout")
    return differs(item.want, propsOf(observation), "type", "revision", "changes");
  if (item.kind === "directory") return differs(item.want, propsOf(observation), "type");
  if (item.kind !== "file" || isKeptLogin(item, propsOf(observation))) return false;
  return differs(item.want, propsOf(observation), "type", "content");
}

function propsOf(observation: Observation | undefined): Props {
  return observation !== undefined && "props" in observation ? observation.props : {};
}
