import { createHash } from "node:crypto";
import { rmSync, statfsSync } from "node:fs";
import { posix } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { CopyItem, HostItem } from "../../model/items.ts";
import { type Account, accountOf } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { withPathItem } from "../fs/open-without-symlinks.ts";
import { rows } from "../kinds/rows.ts";
import type { RequestContext } from "../request-context.ts";
import { readRecords } from "../store/records.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { unitState } from "../units/start-stop.ts";
import { isRunning } from "../units/systemctl.ts";
import { readTakeOver } from "../units/take-over.ts";
import { type Copied, copyTree } from "./copy-tree.ts";
import { type Measured, measureTree } from "./measure-tree.ts";

/**
 * The maximum size of one copy. The size is limited, because the host answers no other requests during a copy, and a
 * run waits for only a few minutes.
 */
export const MOST_BYTES = 16 * 1024 ** 3;
export const MOST_ENTRIES = 500_000;

/** The paths that an earlier copy has written. */
interface Written {
  readonly bytes: number;
  readonly paths: readonly string[];
}

/**
 * Copies an item's data while the former unit can still be running.
 *
 * @throws MusterError if the data cannot be copied, with the reason
 */
export function copyData(context: RequestContext, item: CopyItem): void {
  const record = readRecords(context.host).find(({ items }) => Object.values(items).some(isSameAs(item)));
  copyOnce(context, item, record);
  restoreRows(context, item, record);
}

/**
 * Copies all data of an agent again after its former units have stopped, so that no data is lost. Does nothing if no
 * take-over of the agent has begun, or if the agent's own unit already runs.
 *
 * @throws MusterError if the data cannot be copied, or if another process still changes the data
 */
export function copyAtTakeOver(context: RequestContext, unit: string): void {
  const { host } = context;
  if (readTakeOver(host, unit) === undefined || isRunning(unitState(host, unit))) return;
  for (const record of readRecords(host))
    for (const item of Object.values(record.items)) {
      if (item.kind !== "copy" || item.unit !== unit) continue;
      // A process can have written to the data during the first copy, before the process was killed.
      if (copyOnce(context, item, record).changed.length > 0) {
        const [first] = copyOnce(context, item, record).changed;
        if (first !== undefined) throw stillChanging(item, first);
      }
      restoreRows(context, item, record);
    }
}

function stillChanging({ from }: CopyItem, path: string): MusterError {
  return new MusterError({
    what: `${from} was not copied`,
    why: `${posix.join(from, path)} still changes, although the former unit has been stopped.`,
    next: "Stop the program that writes there, or list it in `replaces`. Then run `npx pulumi up` again.",
  });
}

function copyOnce(context: RequestContext, item: CopyItem, record: HostRecord | undefined): Copied {
  const { host, accounts } = context;
  const { from, to } = item;
  const [reader, writer] = [readerOf(context, item), accountOf(accounts, item.actor)];
  const before = readWritten(host, item);
  const measured = measureTree(from, reader);
  refuseTooLarge(item, measured, before, writer);
  const write = (written: Written) => writeOwn(writtenFile(host, item), `${JSON.stringify(written)}\n`);
  // If this run is killed, the next copy needs the paths that both copies have written.
  write({ bytes: before.bytes, paths: [...new Set([...before.paths, ...measured.paths])] });
  const copied = copyTree({ from, to, reader, writer, declared: declaredIn(record), before: before.paths });
  write({ bytes: measured.bytes, paths: copied.paths });
  return copied;
}

/** Returns the owner of the source. @throws MusterError if the agent's former units do not run as this user */
function readerOf({ accounts }: RequestContext, { from, owners }: CopyItem): Account {
  const uid = withPathItem(from, (entry) => entry?.stats.uid);
  const refused = (why: string) =>
    new MusterError({ what: `${from} was not copied`, why, next: "Correct `copies` of the agent." });
  if (uid === undefined) throw refused("it does not exist, or a link is on the way to it.");
  const name = accounts.userName(uid);
  if (!owners.split(" ").includes(name))
    throw refused(
      `it belongs to ${name}, and the units in \`replaces\` run as ${owners.replaceAll(" ", ", ")}.`,
    );
  return accountOf(accounts, name);
}

function refuseTooLarge(
  { from, to }: CopyItem,
  { bytes, paths: { length: entries } }: Measured,
  before: Written,
  { home }: Account,
): void {
  const { bavail, bsize } = statfsSync(home);
  const free = bavail * bsize;
  const why =
    bytes - before.bytes > free
      ? `it has ${gib(bytes)} GiB, and the disk of ${to} has only ${gib(free)} GiB free.`
      : bytes > MOST_BYTES || entries > MOST_ENTRIES
        ? `it has ${gib(bytes)} GiB in ${entries} files, and at most ${gib(MOST_BYTES)} GiB in ${MOST_ENTRIES} files are copied.`
        : undefined;
  if (why === undefined) return;
  const next = "Name only what the agent needs in `copies`, for example without caches and logs.";
  throw new MusterError({ what: `${from} was not copied`, why, next });
}

function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}

/**
 * Returns the paths that the agent's other items declare. Omits files with `write: once`, because these files belong to
 * the agent.
 */
function declaredIn(record: HostRecord | undefined): ReadonlySet<string> {
  const items = Object.values(record?.items ?? {});
  return new Set(
    items.flatMap((item) => {
      if (item.kind === "directory") return [item.path];
      return item.kind === "file" && item.write === undefined ? [item.path] : [];
    }),
  );
}

/** Writes the declared rows to a copied contact book. */
function restoreRows(context: RequestContext, { to }: CopyItem, record: HostRecord | undefined): void {
  for (const [name, item] of Object.entries(record?.items ?? {})) {
    if (item.kind !== "rows" || !`${item.path}/`.startsWith(`${to}/`)) continue;
    const [applied, intended] = [record?.applied?.[name], record?.intended?.[name]];
    const target = { item, ...(applied && { applied }), ...(intended && { intended }) };
    rows.converge(context, target, {}, () => {});
  }
}

/** Records that an agent's home has come from another host, so that no copy overwrites it. */
export function markArrived(host: Host, unit: string): void {
  writeOwn(`${folderOf(host, unit)}/arrived`, "");
}

export function hasArrived(host: Host, unit: string): boolean {
  return readOwn(`${folderOf(host, unit)}/arrived`) !== undefined;
}

/** Deletes the note about the copy of an item. */
export function forgetCopy(host: Host, item: CopyItem): void {
  rmSync(writtenFile(host, item), { force: true });
}

/** Deletes all notes about the copies for a unit, when the unit is removed. */
export function forgetCopies(host: Host, unit: string): void {
  rmSync(folderOf(host, unit), { recursive: true, force: true });
}

function readWritten(host: Host, item: CopyItem): Written {
  const text = readOwn(writtenFile(host, item))?.toString("utf8");
  return text === undefined ? { bytes: 0, paths: [] } : (JSON.parse(text) as Written);
}

function writtenFile(host: Host, item: CopyItem): string {
  const digest = createHash("sha256").update(itemAddress(item)).digest("hex");
  return `${folderOf(host, item.unit)}/${digest}.json`;
}

function folderOf(host: Host, unit: string): string {
  return `${host.paths.hostd}/copies/${unit}`;
}

function isSameAs(item: CopyItem): (other: HostItem) => boolean {
  const address = itemAddress(item);
  return (other) => other.kind === "copy" && itemAddress(other) === address;
}
