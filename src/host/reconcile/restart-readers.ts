import type { DirectoryItem, FileItem, Items } from "../../model/items.ts";
import { partOfUnit } from "../../model/parts.ts";
import type { Host } from "../context.ts";
import type { RequestContext } from "../request-context.ts";
import { deferRestart } from "../units/deferred-restarts.ts";
import { overridesOf } from "../units/drop-ins.ts";
import { observeUnits, type Unit } from "../units/observe-units.ts";
import { readPolicies } from "../units/policies.ts";
import { linkedOverride } from "../units/provider-override.ts";
import { isIdle, readHeartbeat } from "../units/read-heartbeat.ts";
import { restartIfRunning } from "../units/start-stop.ts";
import { daemonReload, isRunning, isUnitPath, showUnits, type UnitState } from "../units/systemctl.ts";
import type { ResourceTask } from "./resource-task.ts";

/** The files and folders that a task has replaced or created. */
interface WrittenPaths {
  readonly task: ResourceTask;
  readonly written: readonly (FileItem | DirectoryItem)[];
}

/**
 * Has systemd reload the unit files that were written, once for all tasks, and restarts the units that read any of the
 * files: at once, or when the agent's policy allows it.
 *
 * @returns the units whose restart is still pending
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
    return leftOf(task).length > 0 || read.some((item) => isUnitPath(host, item.path));
  });
  if (reloading.length > 0)
    reload(
      host,
      reloading.map(({ task }) => task),
    );
  const notified = reads.map(({ task, read }) => {
    const units = read.flatMap(({ notify }) => (notify === undefined ? [] : [notify]));
    return { task, units: [...new Set([...leftOf(task), ...units])] };
  });
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

/** The units that a killed run has not restarted. */
function leftOf({ before }: ResourceTask): readonly string[] {
  return before?.restart ?? [];
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

/** The states of the units that run; the others need no restart. */
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
    isWaiting = !restartOne(context, unit, state, items);
  });
  return isWaiting;
}

/** @returns whether it was restarted; otherwise its restart was deferred */
function restartOne(context: RequestContext, unit: string, state: UnitState, items: Items): boolean {
  const reader = readerOf(unit, items);
  if (reader !== undefined && isDeferred(context, unit, reader)) return false;
  // With an override it may not start at all; the repair of the unit comes next, and restarts it without.
  if (overridesOf(unit, state).length === 0) restartIfRunning(context.host, [unit]);
  return true;
}

/** Whether a unit reads a file now: one for another provider than its own it does not. */
export function isRead(host: Host, item: FileItem | DirectoryItem): boolean {
  if (item.kind !== "file" || item.choice === undefined || item.notify === undefined) return true;
  return item.choice === linkedOverride(host, item.notify);
}

/** The item that says how the unit restarts after a change. */
function readerOf(unit: string, items: Items): FileItem | undefined {
  return Object.values(items).find((item) => item.kind === "file" && item.notify === unit) as
    | FileItem
    | undefined;
}

/** Whether a unit's restart is deferred. If so it is noted, and the deadman restarts the unit later. */
function isDeferred(
  context: RequestContext,
  name: string,
  { restart = "now", within = 0 }: FileItem,
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
