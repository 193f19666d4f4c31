import { renameSync, rmSync, statSync } from "node:fs";
import type { Ledger, LedgerEntry, RepeatedRepair } from "../../model/ledger.ts";
import { repeatedRepairs } from "../../model/recurrence.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";
import { listFolder } from "../system/read-if-present.ts";
import { toFileName } from "./records.ts";
import { readOwn, writeOwn } from "./state-files.ts";

/** The maximum number of repairs, of intended changes and of closings in one ledger. Older entries are removed. */
const MOST = { corrective: 200, intended: 50, closings: 50 } as const;

const EMPTY: Ledger = { corrective: [], intended: [], closings: [] };

/**
 * Reads the ledger of a resource. Each resource has its own ledger, so that one agent with many repairs
 * cannot displace the entries of another agent. A ledger that is missing or damaged is empty.
 */
export function readLedger(host: Host, id: string): Ledger {
  try {
    const ledger = JSON.parse(readOwn(pathOf(host, id))?.toString("utf8") ?? "") as Partial<Ledger> | null;
    return { ...EMPTY, ...ledger };
  } catch {
    return EMPTY;
  }
}

/** Returns the repeated repairs of resources, from their ledgers. An id can occur more than once. */
export function readRepeatedRepairs(host: Host, ids: readonly string[]): RepeatedRepair[] {
  return [...new Set(ids)].flatMap((id) => repeatedRepairs(id, readLedger(host, id)));
}

/** Returns the ids of all resources that have a ledger. */
export function resourcesWithLedger(host: Host): string[] {
  return listFolder(folderOf(host)).flatMap((name) => {
    const id = /^(.+)\.json$/.exec(name)?.[1];
    return id === undefined ? [] : [id.replaceAll("~", "/")];
  });
}

/** Returns a value that changes whenever a ledger is written or deleted. */
export function versionOfLedgers(host: Host): number {
  return statSync(folderOf(host), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Replaces the ledger of a resource. The caller must hold the lock of the resource. */
export function writeLedger(host: Host, id: string, { corrective, intended, closings }: Ledger): void {
  const ledger: Ledger = {
    corrective: latest(corrective, MOST.corrective),
    intended: latest(intended, MOST.intended),
    closings: closings.slice(-MOST.closings),
  };
  writeOwn(pathOf(host, id), `${JSON.stringify(ledger)}\n`);
}

function latest(entries: readonly LedgerEntry[], most: number): readonly LedgerEntry[] {
  return entries.slice(-most);
}

/** Moves a ledger to the resource's new id, unless the new id already has a ledger. */
export function renameLedger(host: Host, from: string, to: string): void {
  if (readOwn(pathOf(host, to)) !== undefined) return;
  try {
    renameSync(pathOf(host, from), pathOf(host, to));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

export function deleteLedger(host: Host, id: string): void {
  rmSync(pathOf(host, id), { force: true });
}

function pathOf(host: Host, id: string): string {
  return `${folderOf(host)}/${toFileName(id)}.json`;
}

function folderOf({ paths }: Host): string {
  return `${paths.state}/ledgers`;
}
