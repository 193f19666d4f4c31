import type { DirectoryItem, FileItem, HostItem, Props, RowsItem, UserItem } from "./items.ts";

/**
 * The properties that determine who has access to an item. While an item is kept `asFound`, these properties are not
 * declared.
 */
const ACCESS = ["group", "home", "shell", "owner", "mode"];

/**
 * Returns an item with the access properties that were observed, if the item must be kept as found. The declared
 * properties of such an item are used only if the item does not exist.
 */
export function withFoundAccess<I extends HostItem>(item: I, observed: Props): I {
  if (!isAsFound(item)) return item;
  const found = Object.entries(observed).filter(([key]) => ACCESS.includes(key) && key in item.want);
  return { ...item, want: { ...item.want, ...Object.fromEntries(found) } };
}

/** Returns the properties of an item that a run applies, without the properties that stay as they were found. */
export function appliedWant(item: HostItem): Props {
  const want = item.want as Props;
  if (!isAsFound(item)) return want;
  return Object.fromEntries(Object.entries(want).filter(([key]) => !ACCESS.includes(key)));
}

/**
 * Whether an item belongs to a person or an agent: a user, or a home with everything in it. Such an item can exist
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
