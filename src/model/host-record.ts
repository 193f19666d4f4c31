import type { Items, Props } from "./items.ts";
import type { PartFailure } from "./part-failure.ts";

/**
 * What the last `up` wrote for one resource: root-owned JSON on the host, replaced by rename. `intended` is written
 * before the first change; `applied` after the last change, without `intended`. A record with neither belongs to a
 * resource that is being removed. Of a secret it only has a hash, keyed with a root-only key that never leaves the
 * host.
 */
export interface HostRecord {
  readonly id: string;
  readonly type: string;
  /** `<project>/<stack>`: who may change this resource. */
  readonly owner: string;
  /** The account of the gate that created it; left out where its stack logs in as root. */
  readonly gate?: string;
  readonly items: Items;
  readonly applied?: Readonly<Record<string, Props>>;
  readonly intended?: Readonly<Record<string, Props>>;
  /** With `intended`: the parts of an agent that the last run did not finish, and why. */
  readonly failures?: readonly PartFailure[];
  /** With `intended`: the units that this change restarts, in case its run is killed. */
  readonly restart?: readonly string[];
}

/**
 * Merges several records of one resource, which had other names or another stack. Where they differ, the first is
 * right.
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
