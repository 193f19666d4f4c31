import { MusterError } from "../../base/errors.ts";
import { isOfUser } from "../../model/as-found.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { HostItem, Items } from "../../model/items.ts";

/** The items that a stack requests on this host. */
export interface Claimant {
  readonly id: string;
  readonly type: string;
  readonly owner: string;
  readonly items: Items;
  /** The stack from which this stack takes over. */
  readonly takesOver?: string;
}

/**
 * Refuses items that a record of another stack contains. Compares items and not the ids of resources, because another
 * project can use another name for this host.
 *
 * @throws MusterError that names the item and the stack
 */
export function refuseHeld(records: readonly HostRecord[], claimant: Claimant): void {
  if (claimant.type === "Host") return;
  const { id, owner, takesOver } = claimant;
  const others = records.filter((one) => ![owner, takesOver].includes(one.owner) && one.type !== "Host");
  const held = new Map(
    others.flatMap((record) =>
      Object.values(record.items)
        .filter(isExclusive)
        .map((item) => [itemAddress(item), record]),
    ),
  );
  for (const item of Object.values(claimant.items).filter(isExclusive)) {
    const holder = held.get(itemAddress(item));
    if (holder !== undefined) throw heldBy(id, item, holder);
  }
}

/** Whether only one stack can have an item. Stacks can share groups, packages, and folders that contain files. */
function isExclusive(item: HostItem): boolean {
  return ["user", "unit", "timer", "file", "rows"].includes(item.kind) || isOfUser(item);
}

/** Finds the record of any stack that contains a user. */
export function holderOfUser(records: readonly HostRecord[], user: string): HostRecord | undefined {
  return records.find(({ items }) =>
    Object.values(items).some((item) => item.kind === "user" && item.name === user),
  );
}

function heldBy(id: string, item: HostItem, { id: theirs, owner }: HostRecord): MusterError {
  const address = "path" in item ? item.path : itemAddress(item);
  return new MusterError({
    what: `${id} was not changed`,
    why: `${address} belongs to ${theirs} of the stack ${owner} on this host.`,
    next: "Use another name in fleet.yaml, or remove it from the other stack first.",
  });
}
