import type { Stats } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { Props } from "../../model/items.ts";
import { type Accounts, idsOf } from "../accounts/read-accounts.ts";
import type { Place } from "../fs/follow-links.ts";
import { withEntry } from "../fs/open-without-symlinks.ts";
import { modeOf, typeOf } from "../fs/read.ts";
import { type FileAttributes, setAttributes } from "../fs/write.ts";

/** Returns the properties that all items with a path, such as files and folders, have in common. */
export function propsOf(accounts: Accounts, stats: Stats): Props & { readonly type: string } {
  return {
    type: typeOf(stats),
    owner: accounts.userName(stats.uid),
    group: accounts.groupName(stats.gid),
    mode: modeOf(stats),
  };
}

/** Returns owner, group and mode as numbers. @throws MusterError if the user or the group does not exist */
export function attributesOf(
  accounts: Accounts,
  want: { readonly owner: string; readonly group: string; readonly mode: string },
): FileAttributes {
  return { ...idsOf(accounts, want.owner, want.group), mode: Number.parseInt(want.mode, 8) };
}

/** Whether any of the named properties differs from its declared value. */
export function differs(want: object, observed: Props, ...properties: readonly string[]): boolean {
  return properties.some((property) => observed[property] !== (want as Props)[property]);
}

/**
 * Sets the attributes of the file at a place.
 *
 * @throws MusterError if the entry is no longer a file with a single name
 */
export function setAttributesAt(
  { folder, name }: Place,
  { path }: { readonly path: string },
  attributes: FileAttributes,
): void {
  withEntry(folder, name, (entry) => {
    if (!entry?.stats.isFile() || entry.stats.nlink !== 1)
      throw new MusterError({ what: path, why: "it was changed while it was being observed" });
    setAttributes(entry.handle, attributes);
  });
}
