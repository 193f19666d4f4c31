import type { DirectoryItem, FileItem, Items } from "../../model/items.ts";
import { partOfUnit } from "../../model/parts.ts";
import { readAccounts } from "../accounts/accounts.ts";
import type { Host } from "../context.ts";
import { deferRestart } from "../units/deferred-restarts.ts";
import { overridesOf } from "../units/drop-ins.ts";
import { isIdle } from "../units/idle.ts";
import { observeUnits } from "../units/observe-units.ts";
import { linkedOverride } from "../units/provider-override.ts";
import { readHeartbeat } from "../units/read-heartbeat.ts";
import { readPolicies } from "../units/read-policies.ts";
import { restartIfRunning } from "../units/start-stop.ts";
import { daemonReload, isRunning, isUnitPath, showUnits, type UnitState } from "../units/systemctl.ts";
import type { ResourceTask } from "./resource-task.ts";

/** What a task has changed that units read. */
interface Written {
  readonly task: ResourceTask;
  readonly written: readonly (FileItem | DirectoryItem)[];
}

/**
 * Lets systemd read the unit files that were written, once for all tasks, and starts again what reads any of the
 * files: at once, or when its agent's policy says.
 *
 * @returns the units that are not started again yet
 */
export function restartReaders(
  host: Host,
  all: readonly Written[],
): ReadonlyMap<ResourceTask, readonly string[]> {
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
  const up = runningAmong(
    host,
    notified.flatMap(({ units }) => units),
  );
  return new Map(
    notified.map(({ task, units }) => {
      const waiting = units.filter((unit) => {
        const state = up.get(unit);
        return state !== undefined && waits(host, task, unit, state);
      });
      return [task, waiting];
    }),
  );
}

/** Units that a killed run meant to start again. */
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

/** A unit that does not run has nothing to be started again for. */
function runningAmong(host: Host, units: readonly string[]): ReadonlyMap<string, UnitState> {
  const states = showUnits(host, units).map((state, i) => [units[i] ?? "", state] as const);
  return new Map(states.filter(([, state]) => isRunning(state)));
}

/** Starts a unit again. @returns whether it was left as it is for now */
function waits(
  host: Host,
  { request: { items }, parts }: ResourceTask,
  unit: string,
  state: UnitState,
): boolean {
  let isWaiting = false;
  parts.run(partOfUnit(items, unit), () => {
    isWaiting = !startOne(host, unit, state, items);
  });
  return isWaiting;
}

/** @returns whether it is started again; otherwise it is left as it is for now */
function startOne(host: Host, unit: string, state: UnitState, items: Items): boolean {
  const reader = readerOf(unit, items);
  if (reader !== undefined && mustWait(host, unit, reader)) return false;
  // With an override it may not start at all; the repair of the unit comes next, and starts it again without.
  if (overridesOf(unit, state).length === 0) restartIfRunning(host, [unit]);
  return true;
}

/** Whether a unit reads a file, and not only on another provider than it runs on. */
export function isRead(host: Host, item: FileItem | DirectoryItem): boolean {
  if (item.kind !== "file" || item.choice === undefined || item.notify === undefined) return true;
  return item.choice === linkedOverride(host, item.notify);
}

/** An item that says what becomes of the unit when it changes. */
function readerOf(unit: string, items: Items): FileItem | undefined {
  return Object.values(items).find((item) => item.kind === "file" && item.notify === unit) as
    | FileItem
    | undefined;
}

/** Whether a unit goes on as it is; that it does is noted for the deadman. */
function mustWait(host: Host, name: string, { restart = "now", within = 0 }: FileItem): boolean {
  if (restart === "now") return false;
  const unit = observeUnits(host, [name]).get(name);
  if (unit?.state !== "up") return false;
  if (restart === "when-idle" && isIdleNow(host, name, unit)) return false;
  deferRestart(host, name, { restart, within, run: unit.run, since: new Date().toISOString() });
  return true;
}

function isIdleNow(host: Host, name: string, unit: Parameters<typeof readHeartbeat>[1]): boolean {
  const charge = [...readPolicies(host).values()].find((one) => one.unit === name);
  const account = readAccounts(host.paths.etc).users.get(unit.user);
  return isIdle(charge === undefined ? {} : readHeartbeat(charge, unit, account).reading, unit.pid);
}
