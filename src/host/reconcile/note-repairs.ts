import { type Difference, diffItem } from "../../model/diff.ts";
import { AS_DECLARED, type HostItem, type Observation, type Observations } from "../../model/items.ts";
import type { LedgerEntry } from "../../model/ledger.ts";
import { writerFinder } from "../reports/probable-writer.ts";
import type { RequestContext } from "../request-context.ts";
import { readLedger, renameLedger, writeLedger } from "../store/ledgers.ts";
import { isSecretItem, openRecord } from "../store/secret-hasher.ts";
import type { Comparison, ResourceTask } from "./prepare-converge-task.ts";

/**
 * The maximum number of differences that one run records for one item, and the maximum number of characters of a value.
 */
const MOST_OF_ITEM = 20;
const LONGEST = 200;

type Found = Omit<LedgerEntry, "seen" | "repaired">;

/**
 * Records the drift that a run is about to repair, before the run changes anything: a killed run must not hide the
 * drift that it has found. If the ledger cannot be written, the run still repairs the drift.
 */
export function noteDrift(context: RequestContext, task: ResourceTask, comparison: Comparison): void {
  const { host } = context;
  const { id } = task.request;
  try {
    for (const former of task.replaced) if (former.id !== id) renameLedger(host, former.id, id);
    const found = differences(context, task, comparison).filter(({ cause }) => cause !== "intended");
    if (found.length === 0) return;
    const writerOf = writerFinder(context);
    const ledger = readLedger(host, id);
    const now = new Date().toISOString();
    const noted = found.map((one): LedgerEntry => {
      const item = task.request.items[one.item];
      const writer = item && writerOf(item);
      const open = ledger.corrective.find((known) => known.repaired === undefined && isSame(known, one));
      return { ...one, seen: open?.seen ?? now, ...(writer && { writer }) };
    });
    const rest = ledger.corrective.filter(
      (known) => known.repaired !== undefined || !noted.some((one) => isSame(known, one)),
    );
    writeLedger(host, id, { ...ledger, corrective: [...rest, ...noted] });
  } catch {
    // The record of the resource is written next. If the disk is full, the run fails there, with the reason.
  }
}

/** Records which differences a run has repaired, and which changes of fleet.yaml it has applied. */
export function noteRepairs(
  context: RequestContext,
  task: ResourceTask,
  comparison: Comparison,
  after: Observations,
): void {
  const { host } = context;
  const { id, items, by, run } = task.request;
  try {
    const ledger = readLedger(host, id);
    const now = new Date().toISOString();
    const done = { repaired: now, ...(by !== undefined && { by }), ...(run !== undefined && { run }) };
    const isDone = (entry: Found) => {
      const [item, observation] = [items[entry.item], after[entry.item]];
      if (item === undefined || observation === undefined || "unknown" in observation) return false;
      return !diffItem(entry.item, item, observation).some(({ property }) => property === entry.property);
    };
    const isOpen = (entry: LedgerEntry) => entry.repaired === undefined && isDone(entry);
    const applied = differences(context, task, comparison)
      .filter((one) => one.cause === "intended" && isDone(one))
      .map((one) => ({ ...one, seen: now, ...done }));
    if (applied.length === 0 && !ledger.corrective.some(isOpen)) return;
    writeLedger(host, id, {
      ...ledger,
      corrective: ledger.corrective.map((entry) => (isOpen(entry) ? { ...entry, ...done } : entry)),
      intended: [...ledger.intended, ...applied],
    });
  } catch {
    // The repairs have been made. Their ledger entries are still open, and the next run completes these entries.
  }
}

/** Returns the repairs and the changes that a run makes, in the form of the ledger. A new resource has no drift. */
function differences(
  { hashSecret }: RequestContext,
  { request: { items }, before }: ResourceTask,
  { observed, toDo }: Comparison,
): Found[] {
  if (before?.applied === undefined) return [];
  const record = openRecord(before, items, hashSecret);
  return toDo.flatMap((name) => {
    const [item, observation] = [items[name], observed[name]];
    if (item === undefined || observation === undefined || isLeft(observation)) return [];
    const found = diffItem(name, item, observation, record).filter(({ cause }) => cause !== "unknown");
    return found.slice(0, MOST_OF_ITEM).map((one) => foundOf(one, item, observation, hashSecret));
  });
}

/** Whether `up` does not change an item. */
function isLeft(observation: Observation): boolean {
  return "unknown" in observation || observation.refusal !== undefined || observation.isLeft === true;
}

function foundOf(
  { item: name, property, declared, observed, cause }: Difference,
  item: HostItem,
  observation: Observation,
  hashSecret: RequestContext["hashSecret"],
): Found {
  const isSecret = isSecretItem(item) && property === "content";
  const [was, is] = isSecret
    ? secretHashes(item, observation, hashSecret)
    : [String(declared), String(observed)];
  return { item: name, property, declared: was.slice(0, LONGEST), observed: is.slice(0, LONGEST), cause };
}

/**
 * Returns keyed hashes of the declared and the observed secret. The hashes have the form of the seal, which differs
 * from the hash in the record.
 */
function secretHashes(
  item: HostItem,
  observation: Observation,
  hashSecret: RequestContext["hashSecret"],
): [declared: string, observed: string] {
  const content = "content" in item.want ? item.want.content : AS_DECLARED;
  const declared = content === AS_DECLARED ? "" : hashSecret(`seen ${content}`).replace(/^hmac:/, "");
  const seal = "props" in observation ? observation.props["seal"] : undefined;
  return [shortHash(declared), shortHash(String(seal ?? ""))];
}

function shortHash(hash: string): string {
  return hash === "" ? "a secret" : `a secret with the hash ${hash.slice(0, 12)}`;
}

function isSame(one: Pick<LedgerEntry, "item" | "property">, other: Pick<LedgerEntry, "item" | "property">) {
  return one.item === other.item && one.property === other.property;
}
