import type { HostRecord } from "../../model/host-record.ts";
import { agentId } from "../../model/resource-id.ts";
import type { ScopedAgent, TenantScope } from "../../model/tenant-scope.ts";
import type { Host } from "../context.ts";
import { readRecords } from "../store/records.ts";
import { isMap, quoteValue } from "./check-shape.ts";
import { refusalOf } from "./tenant-items.ts";
import { refuse } from "./tenant-refusal.ts";

/** Decides which resources on the host belong to a tenant. */
export interface Ownership {
  /**
   * Returns the records of the tenant's agents, and of all resources that were applied with the tenant's key.
   */
  records(host: Host): HostRecord[];
  /** Returns the agent that a resource belongs to; undefined if the scope does not contain the agent. */
  agent(id: string): ScopedAgent | undefined;
  /** Refuses a resource that does not belong to the tenant. @param wants as in refusalOf */
  check(id: unknown, items: unknown, known: readonly HostRecord[], wants: boolean): void;
  /**
   * Refuses to rename resources that were not applied with the tenant's key. The owner in a request is no proof,
   * because a client can name any owner.
   */
  checkFormer(host: Host, ids: readonly string[]): void;
  /**
   * Returns the host for a session of this tenant. The session cannot read the stored bytes of other tenants.
   */
  inside(host: Host, known: readonly HostRecord[]): Host;
}

/**
 * Builds the ownership rules of a tenant.
 *
 * @param account the gate's account, which is in the record of every resource that
 * was applied with the gate's key
 */
export function ownership(scope: TenantScope, account: string): Ownership {
  // Matches only Agent resources. The resource for the Linux account of an agent belongs to the platform.
  const agent = (id: string) => scope.agents.find(({ name }) => id === agentId(scope.host, name));
  return {
    agent,
    records: (host) =>
      readRecords(host).filter((record) => record.gate === account || agent(record.id) !== undefined),
    check: (id, items, known, wants) => {
      const records = known.filter((record) => record.id === id);
      const mine = typeof id === "string" ? agent(id) : undefined;
      // A resource that was applied with this key can be observed and removed with the same key, even if the
      // resource's agent is no longer declared.
      const applied = records.filter((record) => record.gate === account);
      if (mine === undefined && (wants || applied.length === 0)) {
        refuse(scope, quoteValue(id), "it is not a resource of this tenant's agents");
      }
      if (!isMap(items)) refuse(scope, quoteValue(id), "it has no items");
      // Removing the resource also removes the items in its other records, so these items must belong to the tenant
      // too.
      const others = records.filter((record) => record.gate !== account).map((record) => record.items);
      for (const [name, item] of [items, ...others].flatMap(Object.entries) as [string, unknown][]) {
        const isKnown = !wants && applied.some((record) => isSamePlace(record.items[name], item));
        const flaw = isKnown ? undefined : itemFlaw(scope, mine, name, item, wants && items[name] === item);
        if (flaw !== undefined) refuse(scope, `${quoteValue(id)}: ${quoteValue(name)}`, flaw);
      }
    },
    checkFormer: (host, ids) => {
      const foreign = readRecords(host).find(({ id, gate }) => ids.includes(id) && gate !== account);
      if (foreign !== undefined)
        refuse(scope, quoteValue(foreign.id), "it was not applied with this tenant's key");
    },
    inside: (host, known) => {
      const named = new Set(JSON.stringify(known).match(/sha256:[0-9a-f]{64}/g));
      return { ...host, gate: { account, holds: (digest) => named.has(digest) } };
    },
  };
}

function itemFlaw(
  scope: TenantScope,
  agent: ScopedAgent | undefined,
  name: string,
  item: unknown,
  wants: boolean,
): string | undefined {
  if (!/^[^\p{Cc}]{1,1000}$/u.test(name) || name === "__proto__") return "its name is invalid";
  return agent === undefined
    ? "it was not applied with this tenant's key"
    : refusalOf(scope, agent, item, wants);
}

/** Whether two items are the same, apart from their declared states. */
function isSamePlace(one: unknown, other: unknown): boolean {
  const place = (item: unknown) =>
    isMap(item) ? JSON.stringify({ ...item, want: "" }, Object.keys(item).sort()) : "";
  return place(one) !== "" && place(one) === place(other);
}
