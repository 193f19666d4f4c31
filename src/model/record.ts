import type { Items, Props } from "./items.ts";

/**
 * What the last `up` wrote for one resource: root-owned JSON on the host, replaced by rename.
 * `intended` is written before the first change, `applied` after the last and then without `intended`. A record with
 * neither is of a resource that is being removed.
 * A secret's content stands in it only as a hash keyed with a root-only key that never leaves the host.
 */
export interface HostRecord {
  readonly id: string;
  readonly type: string;
  /** `<project>/<stack>`: who may change this resource. */
  readonly owner: string;
  /** The account of the gate that it came in by; none where its stack logs in as root. */
  readonly gate?: string;
  readonly items: Items;
  readonly applied?: Readonly<Record<string, Props>>;
  readonly intended?: Readonly<Record<string, Props>>;
  /** Beside `intended`: the units that are to start again because of this change, in case its run is killed. */
  readonly restart?: readonly string[];
}
