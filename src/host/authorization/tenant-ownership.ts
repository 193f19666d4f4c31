import type { HostRecord } from "../../model/host-record.ts";
import { agentId } from "../../model/resource-id.ts";
import type { ScopedAgent, TenantScope } from "../../model/tenant-scope.ts";
import type { Host } from "../context.ts";
import { readRecords } from "../store/records.ts";
import { isMap, quoteValue } from "./shape.ts";
import { refusalOf } from "./tenant-items.ts";
import { refuse } from "./tenant-refusal.ts";

/** What on the host is a tenant's. */
export interface Ownership {
  /** The records of the tenant's agents, and those that came in by its key. */
  records(host: Host): HostRecord[];
  /** The agent of a resource; undefined where the scope does not have it. */
  agent(id: string): ScopedAgent | undefined;
  /** Refuses what is not the tenant's; `wants` as in refusalOf. */
  check(id: unknown, items: unknown, known: readonly HostRecord[], wants: boolean): void;
  /** Refuses to carry over what did not come in by the tenant's key; the owner is what a client says. */
  checkFormer(host: Host, ids: readonly string[]): void;
  /** The host as a session of this tenant has it: of other tenants' bytes it knows none. */
  inside(host: Host, known: readonly HostRecord[]): Host;
}

/** @param account of the gate: what came in by it is marked so in its record */
export function ownership(scope: TenantScope, account: string): Ownership {
  // The agent's account is the platform's.
  const agent = (id: string) => scope.agents.find(({ name }) => id === agentId(scope.host, name));
  return {
    agent,
    records: (host) =>
      readRecords(host).filter((record) => record.gate === account || agent(record.id) !== undefined),
    check: (id, items, known, wants) => {
      const records = known.filter((record) => record.id === id);
      const mine = typeof id === "string" ? agent(id) : undefined;
      // What came in by this key may be looked at and taken away by it, also when its agent is declared no more.
      const cameIn = records.filter((record) => record.gate === account);
      if (mine === undefined && (wants || cameIn.length === 0)) {
        refuse(scope, quoteValue(id), "it is not a resource of this tenant's agents");
      }
      if (!isMap(items)) refuse(scope, quoteValue(id), "it has no items");
      // What a record holds beside is removed with what is asked for, so it must be the tenant's as well.
      const others = records.filter((record) => record.gate !== account).map((record) => record.items);
      for (const [name, item] of [items, ...others].flatMap(Object.entries) as [string, unknown][]) {
        const isKnown = !wants && cameIn.some((record) => isSamePlace(record.items[name], item));
        const flaw = isKnown ? undefined : itemFlaw(scope, mine, name, item, wants && items[name] === item);
        if (flaw !== undefined) refuse(scope, `${quoteValue(id)}: ${quoteValue(name)}`, flaw);
      }
    },
    checkFormer: (host, ids) => {
      const foreign = readRecords(host).find(({ id, gate }) => ids.includes(id) && gate !== account);
      if (foreign !== undefined)
        refuse(scope, quoteValue(foreign.id), "it did not come in by this tenant's key");
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
  if (!/^[^\p{Cc}]{1,1000}$/u.test(name) || name === "__proto__") return "it has a name that no item has";
  return agent === undefined ? "it is not what came in here" : refusalOf(scope, agent, item, wants);
}

/** Whether two items are one, whatever is wanted of it. */
function isSamePlace(one: unknown, other: unknown): boolean {
  const place = (item: unknown) =>
    isMap(item) ? JSON.stringify({ ...item, want: "" }, Object.keys(item).sort()) : "";
  return place(one) !== "" && place(one) === place(other);
}
