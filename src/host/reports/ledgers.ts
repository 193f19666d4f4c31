import type { Ledger, LedgersAnswer, ResolveAnswer, ResolveRequest } from "../../model/ledger.ts";
import { repeatedRepairs } from "../../model/recurrence.ts";
import type { Host } from "../context.ts";
import { readLedger, writeLedger } from "../store/ledgers.ts";
import { readRecords } from "../store/records.ts";
import { withResourceLock } from "../system/locks.ts";

/** Returns the ledgers of all resources in the host's records. */
export function ledgers(host: Host): LedgersAnswer {
  const ids = [...new Set(readRecords(host).map(({ id }) => id))];
  const all = ids.map((id) => [id, readLedger(host, id)] as const);
  return { ledgers: Object.fromEntries(all.filter(([, ledger]) => !isEmpty(ledger))) };
}

function isEmpty({ corrective, intended, closings }: Ledger): boolean {
  return corrective.length + intended.length + closings.length === 0;
}

/** Closes a finding about repeated repairs, with the person and the reason. The ledger keeps the repairs. */
export function resolveRepeated(host: Host, { resource, id, by, why }: ResolveRequest): ResolveAnswer {
  return withResourceLock(host, resource, () => {
    const ledger = readLedger(host, resource);
    const closed = repeatedRepairs(resource, ledger).find((one) => one.id === id);
    if (closed === undefined) return {};
    const { item, property } = closed;
    const closing = { item, property, closed: new Date().toISOString(), by, why };
    writeLedger(host, resource, { ...ledger, closings: [...ledger.closings, closing] });
    return { closed };
  });
}
