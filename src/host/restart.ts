import type { DirectoryItem, FileItem, Items } from "../model/items.ts";

import type { ConvergeRequest } from "../model/protocol.ts";
import { readAccounts } from "./accounts.ts";
import { linkedChoice } from "./choices.ts";
import type { Host } from "./context.ts";
import { isIdle } from "./hostd/idle.ts";
import { readPolicies } from "./hostd/policies.ts";
import { readSign } from "./hostd/readings.ts";
import { lookAtUnits } from "./hostd/units.ts";
import { restartIfRunning } from "./kinds/unit.ts";
import { isAsWanted, lookAtItems, sceneOf, subjectsOf } from "./look.ts";
import { owe } from "./owed.ts";
import { sourceOf } from "./store/contents.ts";
import { readRecords } from "./store/records.ts";
import { sealOf } from "./store/seal.ts";
import { daemonReload, isUnitPath } from "./systemctl.ts";

/**
 * Lets systemd read the unit files that were written, and starts again what reads any of these files: at once, or
 * when its agent's policy says.
 *
 * @param left units that a killed run meant to start again
 * @returns the units that are not started again yet
 */
export function startAgain(
  host: Host,
  { id, items }: ConvergeRequest,
  written: readonly (FileItem | DirectoryItem)[],
  left: readonly string[] = [],
): string[] {
  const read = written.filter((item) => isRead(host, item));
  const reads = left.length > 0 || read.some((item) => isUnitPath(host, item.path));
  if (reads) daemonReload(host);
  const notified = read.flatMap(({ notify }) => (notify === undefined ? [] : [notify]));
  return [...new Set([...left, ...notified])].filter((unit) => {
    const reader = readerOf(unit, items);
    if (reader !== undefined && mustWait(host, unit, reader)) return true;
    // Mending a unit, and telling whether it starts then, is for the resource that has it.
    if (isSpoiltElsewhere(host, id, unit)) host.run("systemctl", ["try-restart", "--no-block", "--", unit]);
    else restartIfRunning(host, [unit]);
    return false;
  });
}

/** Whether a unit reads a file, and not only on another provider than it runs on. */
export function isRead(host: Host, item: FileItem | DirectoryItem): boolean {
  if (item.kind !== "file" || item.choice === undefined || item.notify === undefined) return true;
  return item.choice === linkedChoice(host, item.notify);
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
  const unit = lookAtUnits(host, [name]).get(name);
  if (unit?.state !== "up") return false;
  if (restart === "when-idle" && isIdleNow(host, name, unit)) return false;
  owe(host, name, { restart, within, run: unit.run, since: new Date().toISOString() });
  return true;
}

function isIdleNow(host: Host, name: string, unit: Parameters<typeof readSign>[1]): boolean {
  const charge = [...readPolicies(host).values()].find((one) => one.unit === name);
  const account = readAccounts(host.paths.etc).users.get(unit.user);
  return isIdle(charge === undefined ? {} : readSign(charge, unit, account).reading, unit.pid);
}

/** Whether a unit is another resource's, which has drifted. */
function isSpoiltElsewhere(host: Host, id: string, unit: string): boolean {
  const others = readRecords(host).filter((record) => record.id !== id);
  const record = others.find(({ items }) =>
    Object.values(items).some((item) => item.kind === "unit" && item.name === unit),
  );
  if (record === undefined) return false;
  const seen = lookAtItems(sceneOf(host, sourceOf(host), sealOf(host)), subjectsOf(record.items, record));
  return Object.entries(record.items).some(([name, item]) => !isAsWanted(item, seen[name]));
}
