import { isOfUser } from "./as-found.ts";
import { itemAddress } from "./item-address.ts";
import type {
  DirectoryItem,
  FileItem,
  GroupItem,
  HostItem,
  Items,
  Props,
  RowsItem,
  UnitItem,
  UserItem,
} from "./items.ts";

/**
 * The items that existed before Muster managed them, by address, with their properties at that time: the access
 * properties of a user or of a path, and the state of a former unit. When the resource is removed, these items are kept
 * and get these properties back.
 */
export type Found = Readonly<Record<string, Props>>;

/**
 * Whether an item can exist before Muster manages it. When its resource is removed, such an item is not deleted but
 * gets its earlier properties back.
 */
export function isAdopted(
  item: HostItem,
): item is UserItem | GroupItem | DirectoryItem | FileItem | RowsItem | UnitItem {
  if (item.kind === "group") return !item.name.startsWith("muster-");
  return isOfUser(item) || isFormerUnit(item);
}

/** The service or session that ran an agent before Muster managed it, as an item of the agent. */
export interface FormerUnit extends UnitItem {
  readonly user: string;
}

export function isFormerUnit(item: HostItem): item is FormerUnit {
  return item.kind === "unit" && item.user !== undefined;
}

/**
 * Returns the items that get their earlier properties back when a resource is removed. If an earlier version of Muster
 * has adopted the agent, these properties were not recorded, and the agent's user and home keep their current
 * properties.
 */
export function givenBack(items: Items, found: Found | undefined): Found {
  const all = Object.values(items);
  if (found !== undefined || !all.some(isFormerUnit)) return found ?? {};
  const adopted = all.filter((item) => item.kind === "user" || isHome(item) || isFormerUnit(item));
  const unknown = adopted.map((item): [string, Props] => [
    itemAddress(item),
    isFormerUnit(item) ? { enabled: true, running: true } : {},
  ]);
  return Object.fromEntries(unknown);
}

function isHome(item: HostItem): boolean {
  return item.kind === "directory" && item.onRemove !== undefined && item.onRemove !== "delete";
}
