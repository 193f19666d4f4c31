import type { Items, Props } from "./items.ts";
import type { PartFailure } from "./part-failure.ts";

/**
 * What the last `up` did for one resource: root-owned JSON on the host, replaced atomically. Before the first
 * change, `up` writes the record with `intended`; after the last change, it writes `applied` and removes
 * `intended`. A record with neither belongs to a resource that is being removed. Instead of a secret, a
 * record contains a keyed hash. Only root can read the key, which never leaves the host.
 */
export interface HostRecord {
  readonly id: string;
  readonly type: string;
  /** `<project>/<stack>`: the stack that may change this resource. */
  readonly owner: string;
  /** The account of the gate through which the resource was created; absent if its stack logs in as root. */
  readonly gate?: string;
  readonly items: Items;
  readonly applied?: Readonly<Record<string, Props>>;
  readonly intended?: Readonly<Record<string, Props>>;
  /** Only with `intended`: the parts of an agent that the last run did not finish, and why. */
  readonly failures?: readonly PartFailure[];
  /**
   * Only with `intended`: the units to restart, so that the next run can restart them if this one is killed.
   */
  readonly restart?: readonly string[];
}

/**
 * Merges several records of one resource, some of which have former names or another owner. Where the records
 * differ, the first one takes precedence. Returns undefined if there are none.
 */
export function joinRecords(records: readonly HostRecord[]): HostRecord | undefined {
  const [first] = records;
  if (first === undefined) return undefined;
  const last = records.toReversed();
  const union = (of: (record: HostRecord) => HostRecord["applied"]) =>
    records.some(of) ? Object.assign({}, ...last.map(of)) : undefined;
  const [applied, intended] = [union(({ applied }) => applied), union(({ intended }) => intended)];
  const restart = [...new Set(records.flatMap((record) => record.restart ?? []))];
  return {
    ...first,
    items: Object.assign({}, ...last.map(({ items }) => items)),
    ...(applied && { applied }),
    ...(intended && { intended }),
    ...(restart.length > 0 && { restart }),
  };
}
