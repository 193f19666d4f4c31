import type { HostRecord } from "../../model/host-record.ts";
import type { CheckoutItem } from "../../model/items.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { Host } from "../context.ts";
import { readRecords } from "../store/records.ts";

/** A checkout with the record of its resource. */
export interface RecordedCheckout {
  readonly record: HostRecord;
  /** The name of the item in the record. */
  readonly name: string;
  readonly item: CheckoutItem;
}

/** Returns all checkouts in the records of the host. */
function recordedCheckouts(host: Host): RecordedCheckout[] {
  return readRecords(host).flatMap((record) =>
    Object.entries(record.items).flatMap(([name, item]) =>
      item.kind === "checkout" ? [{ record, name, item }] : [],
    ),
  );
}

export function findCheckoutAt(host: Host, folder: string): RecordedCheckout | undefined {
  return recordedCheckouts(host).find(({ item }) => item.folder === folder);
}

export function findCheckoutOf(host: Host, agent: string): RecordedCheckout | undefined {
  return recordedCheckouts(host).find(({ record }) => agentOf(record.id) === agent);
}
