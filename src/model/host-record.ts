import type { Found } from "./found-items.ts";
import type { Items, Props } from "./items.ts";
import type { PartFailure, WireError } from "./part-failure.ts";

/**
 * The record of the last `up` of one resource: a root-owned JSON file on the host, which is replaced atomically. Before
 * the first change, `up` writes the record with `intended`. After the last change, `up` writes `applied` and removes
 * `intended`. A record with neither of these two fields belongs to a resource that is being removed. A record contains
 * a keyed hash instead of a secret. Only root can read the key of the hash, and the key never leaves the host.
 */
export interface HostRecord {
  readonly id: string;
  readonly type: string;
  /** `<project>/<stack>`: the stack that is allowed to change this resource. */
  readonly owner: string;
  /** The account of the gate through which the resource was created; absent if its stack logs in as root. */
  readonly gate?: string;
  readonly items: Items;
  /**
   * The items that existed before this resource. Absent if there were none, or if an earlier version of Muster wrote
   * the record.
   */
  readonly found?: Found;
  readonly applied?: Readonly<Record<string, Props>>;
  readonly intended?: Readonly<Record<string, Props>>;
  /**
   * The parts of an agent that the last run could not apply, and the reasons. Present only together with `intended`.
   */
  readonly failures?: readonly PartFailure[];
  /** The reason why the last run could not apply a resource without parts. Present only together with `intended`. */
  readonly error?: WireError;
  /**
   * The units to restart. If this run is killed, the next run restarts them. Present
   * only together with `intended`.
   */
  readonly restart?: readonly string[];
}

/**
 * Merges several records of one resource, such as records with a former id or another owner. If the records
 * differ, the first record takes precedence. Returns undefined for an empty list.
 */
export function joinRecords(records: readonly HostRecord[]): HostRecord | undefined {
  const [first] = records;
  if (first === undefined) return undefined;
  const last = records.toReversed();
  const union = (of: (record: HostRecord) => HostRecord["applied"]) =>
    records.some(of) ? Object.assign({}, ...last.map(of)) : undefined;
  const [applied, intended] = [union(({ applied }) => applied), union(({ intended }) => intended)];
  const found: Found = Object.assign({}, ...last.map((record) => record.found));
  const restart = [...new Set(records.flatMap((record) => record.restart ?? []))];
  return {
    ...first,
    items: Object.assign({}, ...last.map(({ items }) => items)),
    ...(Object.keys(found).length > 0 && { found }),
    ...(applied && { applied }),
    ...(intended && { intended }),
    ...(restart.length > 0 && { restart }),
  };
}
