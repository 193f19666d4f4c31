import { rmdirSync, rmSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { formerPartIds, mergeRecords } from "../../model/former-agent.ts";
import type { HostRecord } from "../../model/host-record.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";
import { withHostLock } from "../system/locks.ts";
import { listFolder } from "../system/read-if-present.ts";
import { readOwn, writeOwn } from "./files.ts";

/**
 * Every record on the host; one that is torn or cannot be parsed counts as none. What an earlier version wrote of the
 * parts of an agent counts as that agent's one record.
 */
export function readRecords(host: Host): HostRecord[] {
  const records = listVisible(host.paths.records).flatMap((owner) =>
    listVisible(`${host.paths.records}/${owner}`).flatMap((file) => {
      const record = parse(readOwn(`${host.paths.records}/${owner}/${file}`));
      return record === undefined ? [] : [record];
    }),
  );
  return mergeRecords(records);
}

/** The record of a resource: the owner's own before anybody else's. */
export function findRecord(
  records: readonly HostRecord[],
  id: string,
  owner?: string,
): HostRecord | undefined {
  const known = records.filter((record) => record.id === id);
  return known.find((record) => record.owner === owner) ?? known[0];
}

/** Refuses, by its name, a resource that another stack has; but not the one that this run takes over from. */
export function refuseForeign(record: HostRecord | undefined, owner: string, takesOver?: string): void {
  if (record === undefined || record.owner === owner || record.owner === takesOver) return;
  throw new MusterError({
    what: `${record.id} was not changed`,
    why: `it belongs to the stack ${record.owner}, and this run is of ${owner}`,
    next: `Leave it out here or remove it there; docs/tenants.md says how a stack takes over from another.`,
  });
}

/** Puts one record in the place of those that an earlier version wrote of a resource, where there are any. */
export function rewriteFormer(host: Host, record: HostRecord): void {
  const files = formerPartIds(record.id).map((id) => pathOf(host, record.owner, id));
  if (files.every((file) => readOwn(file) === undefined)) return;
  // Another run's sweep may not find neither the old files nor the new one.
  withHostLock(host, () => writeRecord(host, record));
}

export function writeRecord(host: Host, record: HostRecord): void {
  writeOwn(pathOf(host, record.owner, record.id), `${JSON.stringify(record)}\n`);
  // They count for nothing from now on, and would count again when this record is gone.
  deleteFiles(host, record.owner, formerPartIds(record.id));
}

/** Forgets a resource, and its owner's folder with the last of them; none there is a success. */
export function deleteRecord(host: Host, owner: string, id: string): void {
  deleteFiles(host, owner, [...formerPartIds(id), id]);
  try {
    rmdirSync(folderOf(host, owner));
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
  }
}

function deleteFiles(host: Host, owner: string, ids: readonly string[]): void {
  for (const id of ids) rmSync(pathOf(host, owner, id), { force: true });
}

function parse(bytes: Buffer | undefined): HostRecord | undefined {
  try {
    const record = JSON.parse(bytes?.toString("utf8") ?? "") as HostRecord;
    const whole = record.id && record.owner && record.type && typeof record.items === "object";
    return whole ? record : undefined;
  } catch {
    return undefined;
  }
}

function folderOf(host: Host, owner: string): string {
  return `${host.paths.records}/${flat(owner)}`;
}

function pathOf(host: Host, owner: string, id: string): string {
  return `${folderOf(host, owner)}/${flat(id)}.json`;
}

/** One name of a folder from a name with slashes; ids and owners are checked where they are declared. */
function flat(name: string): string {
  const flattened = name.replaceAll("/", "~");
  if (!/^[A-Za-z0-9_~][A-Za-z0-9._~@-]*$/.test(flattened)) {
    throw new MusterError({ what: `the name ${JSON.stringify(name)}`, why: "it cannot name a record" });
  }
  return flattened;
}

function listVisible(path: string): string[] {
  return listFolder(path).filter((name) => !name.startsWith("."));
}
