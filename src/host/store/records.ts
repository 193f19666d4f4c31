import { rmdirSync, rmSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { formerPartIds, mergeRecords } from "../../model/legacy-agent-parts.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";
import { withHostLock } from "../system/locks.ts";
import { listFolder } from "../system/read-if-present.ts";
import { readOwn, writeOwn } from "./state-files.ts";

/**
 * Reads every record on the host. A record that is truncated or cannot be parsed is skipped. If an earlier version of
 * Muster wrote several records for one agent, these records are merged.
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

/** Finds the record of a resource; the owner's record takes precedence over other stacks' records. */
export function findRecord(
  records: readonly HostRecord[],
  id: string,
  owner?: string,
): HostRecord | undefined {
  const known = records.filter((record) => record.id === id);
  return known.find((record) => record.owner === owner) ?? known[0];
}

/**
 * Refuses a resource that belongs to another stack, unless this run takes over from that stack.
 *
 * @throws MusterError that names the resource and the stack
 */
export function refuseForeign(record: HostRecord | undefined, owner: string, takesOver?: string): void {
  if (record === undefined || record.owner === owner || record.owner === takesOver) return;
  throw new MusterError({
    what: `${record.id} was not changed`,
    why: `it belongs to the stack ${record.owner}, and this run is for ${owner}`,
    next: `Remove it from one of the two stacks; docs/tenants.md describes how a stack takes over from another.`,
  });
}

/**
 * Replaces the separate records that an earlier version of Muster wrote for an agent's parts with one record.
 */
export function rewriteFormer(host: Host, record: HostRecord): void {
  const files = formerPartIds(record.id).map((id) => pathOf(host, record.owner, id));
  if (files.every((file) => readOwn(file) === undefined)) return;
  // Another run that deletes unused contents takes the same lock, so it finds either
  // the old files or the new file.
  withHostLock(host, () => writeRecord(host, record));
}

export function writeRecord(host: Host, record: HostRecord): void {
  writeOwn(pathOf(host, record.owner, record.id), `${JSON.stringify(record)}\n`);
  // The new record replaces the records of the parts. If the old records were kept, they would be read again after the
  // new record is deleted.
  deleteFiles(host, record.owner, formerPartIds(record.id));
}

/** Deletes a resource's record, if it exists, then deletes the owner's folder if it is empty. */
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
    const isComplete = record.id && record.owner && record.type && typeof record.items === "object";
    return isComplete ? record : undefined;
  } catch {
    return undefined;
  }
}

function folderOf(host: Host, owner: string): string {
  return `${host.paths.records}/${toFileName(owner)}`;
}

function pathOf(host: Host, owner: string, id: string): string {
  return `${folderOf(host, owner)}/${toFileName(id)}.json`;
}

/** Converts a name with slashes to a file name. The validation of fleet.yaml has already checked the name. */
export function toFileName(name: string): string {
  const flattened = name.replaceAll("/", "~");
  if (!/^[A-Za-z0-9_~][A-Za-z0-9._~@-]*$/.test(flattened)) {
    throw new MusterError({
      what: `the name ${JSON.stringify(name)}`,
      why: "it cannot be the name of a record",
    });
  }
  return flattened;
}

function listVisible(path: string): string[] {
  return listFolder(path).filter((name) => !name.startsWith("."));
}
