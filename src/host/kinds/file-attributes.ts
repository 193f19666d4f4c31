import type { Stats } from "node:fs";
import type { Props } from "../../model/items.ts";
import { type Accounts, idsOf } from "../accounts/accounts.ts";
import { modeOf, typeOf } from "../fs/read.ts";
import type { FileAttributes } from "../fs/write.ts";

/** Returns the properties that all items with a path have, such as files and folders. */
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
