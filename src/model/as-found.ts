import type { DirectoryItem, FileItem, HostItem, Props, RowsItem, UserItem } from "./items.ts";

/**
 * The properties that determine who has access to an item. While an item has `asFound`, their declared values are not
 * applied.
 */
const ACCESS = ["group", "home", "shell", "owner", "mode"];

/**
 * Returns an item with the observed access properties if the item must be kept as found. The declared access properties
 * of such an item are used only if the item does not exist.
 */
export function withFoundAccess<I extends HostItem>(item: I, observed: Props): I {
  if (!isAsFound(item)) return item;
  const found = Object.entries(observed).filter(([key]) => ACCESS.includes(key) && key in item.want);
  return { ...item, want: { ...item.want, ...Object.fromEntries(found) } };
}

/** Returns the properties of an item that a run applies. Omits the properties that are kept as they were found. */
export function appliedWant(item: HostItem): Props {
  const want = item.want as Props;
  if (!isAsFound(item)) return want;
  return Object.fromEntries(Object.entries(want).filter(([key]) => !ACCESS.includes(key)));
}

/**
 * Whether an item is a user of a person or an agent, the home of such a user, or in such a home. Such an item can exist
 * before Muster manages it.
 */
export function isOfUser(item: HostItem): item is UserItem | DirectoryItem | FileItem | RowsItem {
  if (item.kind === "user") return item.system !== true;
  if (item.kind === "directory")
    return item.actor !== undefined || (item.onRemove !== undefined && item.onRemove !== "delete");
  return item.kind === "rows" || (item.kind === "file" && item.actor !== undefined);
}

function isAsFound(item: HostItem): boolean {
  return "asFound" in item && item.asFound === true;
}
