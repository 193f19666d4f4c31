import { partOfUnit } from "../../model/agent-parts.ts";
import { isFormerUnit } from "../../model/found-items.ts";
import type { CheckoutItem, DirectoryItem, FileItem, Items, UserItem } from "../../model/items.ts";
import { subjectOf } from "../../model/resource-id.ts";
import { touchedUnits } from "../checkouts/touched-units.ts";
import type { Host } from "../context.ts";
import { record } from "../reports/history.ts";
import type { RequestContext } from "../request-context.ts";
import { deferRestart } from "../units/deferred-restarts.ts";
import { overridesOf } from "../units/manual-overrides.ts";
import { observeUnits, type Unit } from "../units/observe-units.ts";
import { readPolicies } from "../units/policies.ts";
import { linkedOverride } from "../units/provider-override.ts";
import { readQuarantine, release } from "../units/quarantine.ts";
import { isIdle, readHeartbeat } from "../units/read-heartbeat.ts";
import { restartIfRunning } from "../units/start-stop.ts";
import { daemonReload, isRunning, isUnitPath, showUnits, type UnitState } from "../units/systemctl.ts";
import type { ResourceTask } from "./prepare-converge-task.ts";

/**
 * The files and folders that a task has replaced or created, the users whose groups the task has changed, and the
 * checkouts that the task has reset.
 */
interface WrittenPaths {
  readonly task: ResourceTask;
  readonly written: readonly ReadAtStart[];
}

/**
 * Makes systemd reload once for all tasks if unit files were written. Restarts the units that read a written
 * file, either immediately or when the agent's policy allows it.
 *
 * @returns for each task, the units with a pending restart
 */
export function restartReaders(
  context: RequestContext,
  all: readonly WrittenPaths[],
): ReadonlyMap<ResourceTask, readonly string[]> {
  context.refreshAccounts();
  const { host } = context;
  const reads = all.map(({ task, written }) => ({
    task,
    read: written.filter((item) => isRead(host, item)),
  }));
  const reloading = reads.filter(({ task, read }) => {
    return leftOf(task).length > 0 || read.some((item) => "path" in item && isUnitPath(host, item.path));
  });
  if (reloading.length > 0)
    reload(
      host,
      reloading.map(({ task }) => task),
    );
  const notified = reads.map(({ task, read }) => {
    const units = read.flatMap((item) => unitsOf(item));
    return { task, units: [...new Set([...leftOf(task), ...units])] };
  });
  releaseFromQuarantine(context, notified);
  const running = runningAmong(
    host,
    notified.flatMap(({ units }) => units),
  );
  return new Map(
    notified.map(({ task, units }) => {
      const waiting = units.filter((unit) => {
        const state = running.get(unit);
        return state !== undefined && restartOrDefer(context, task, unit, state);
      });
      return [task, waiting];
    }),
  );
}

/**
 * Releases the units in quarantine that read a changed file, because the change may have corrected the cause
 * of their failures. These units are started later, when their unit items are applied.
 */
function releaseFromQuarantine(
  { host }: RequestContext,
  notified: readonly { readonly task: ResourceTask; readonly units: readonly string[] }[],
): void {
  for (const { task, units } of notified) {
    const { items, id, type } = task.request;
    for (const unit of units.filter((one) => readQuarantine(host, one) !== undefined)) {
      task.parts.run(partOfUnit(items, unit), () => {
        release(host, unit);
        const { name } = subjectOf(id);
        const owner = type === "Service" ? { service: name } : { agent: name };
        record(host, [
          { event: "released", ...owner, detail: "because `up` has changed a file that it reads at startup" },
        ]);
      });
    }
  }
}

/** Returns the units that read a written item. */
function unitsOf(item: ReadAtStart): readonly string[] {
  if (item.kind === "checkout") return touchedUnits(item);
  return item.notify === undefined ? [] : [item.notify];
}

/** Returns the units that a killed run should have restarted. */
function leftOf({ before }: ResourceTask): readonly string[] {
  const foreign = new Set(
    Object.values(before?.items ?? {}).map((item) => (isFormerUnit(item) ? item.name : "")),
  );
  return (before?.restart ?? []).filter((unit) => !foreign.has(unit));
}

function reload(host: Host, tasks: readonly ResourceTask[]): void {
  try {
    daemonReload(host);
  } catch (error) {
    for (const { parts } of tasks) {
      parts.run(undefined, () => {
        throw error;
      });
    }
  }
}

/** Returns the states of the units that run. The other units need no restart. */
function runningAmong(host: Host, units: readonly string[]): ReadonlyMap<string, UnitState> {
  const states = showUnits(host, units).map((state, i) => [units[i] ?? "", state] as const);
  return new Map(states.filter(([, state]) => isRunning(state)));
}

/** Restarts a unit for a task. @returns whether its restart was deferred */
function restartOrDefer(
  context: RequestContext,
  { request: { items }, parts }: ResourceTask,
  unit: string,
  state: UnitState,
): boolean {
  let isWaiting = false;
  parts.run(partOfUnit(items, unit), () => {
    parts.started.add(unit);
    isWaiting = !restartOne(context, unit, state, items);
  });
  return isWaiting;
}

/** Restarts a unit, or defers its restart. @returns false if the restart was deferred */
function restartOne(context: RequestContext, unit: string, state: UnitState, items: Items): boolean {
  const reader = readerOf(unit, items);
  if (reader !== undefined && deferIfRequired(context, unit, reader)) return false;
  // A unit with an override might fail to start, so the unit is not restarted here. When the unit item is applied, the
  // override is removed and the unit is restarted.
  if (overridesOf(unit, state).length === 0) restartIfRunning(context.host, [unit]);
  return true;
}

/**
 * Whether a unit currently reads a file. If a file is for one provider, only a unit that runs on this
 * provider reads the file.
 */
export function isRead(host: Host, item: ReadAtStart): boolean {
  if (item.kind !== "file" || item.choice === undefined || item.notify === undefined) return true;
  return item.choice === linkedOverride(host, item.notify);
}

/** An item that a unit reads when it starts. A unit gets the groups of its user when it starts. */
export type ReadAtStart = FileItem | DirectoryItem | UserItem | CheckoutItem;

/** An item with a policy for the restart of the unit that reads it. */
type Reader = Exclude<ReadAtStart, DirectoryItem>;

/** Finds an item that declares how the unit is restarted after a change. */
function readerOf(unit: string, items: Items): Reader | undefined {
  return Object.values(items).find(
    (item): item is Reader =>
      ["file", "user", "checkout"].includes(item.kind) && "notify" in item && item.notify === unit,
  );
}

/**
 * Defers a unit's restart if the unit's policy requires this. The deadman restarts the unit later.
 *
 * @returns whether the restart was deferred
 */
function deferIfRequired(
  context: RequestContext,
  name: string,
  { restart = "now", within = 0 }: Reader,
): boolean {
  const { host } = context;
  if (restart === "now") return false;
  const unit = observeUnits(host, [name]).get(name);
  if (unit?.state !== "up") return false;
  if (restart === "when-idle" && isIdleNow(context, name, unit)) return false;
  deferRestart(host, name, { restart, within, run: unit.run, since: new Date().toISOString() });
  return true;
}

function isIdleNow({ host, accounts }: RequestContext, name: string, unit: Unit): boolean {
  const watched = [...readPolicies(host).values()].find((one) => one.unit === name);
  const account = accounts.users.get(unit.user);
  return isIdle(watched === undefined ? {} : readHeartbeat(watched, unit, account).reading, unit.pid);
}
