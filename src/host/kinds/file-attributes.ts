import type { Stats } from "node:fs";
import type { Props } from "../../model/items.ts";
import { type Accounts, idsOf } from "../accounts/accounts.ts";
import { modeOf, typeOf } from "../fs/read.ts";
import type { FileAttributes } from "../fs/write.ts";

/** The properties that all things with a path share. */
export function propsOf(accounts: Accounts, stats: Stats): Props & { readonly type: string } {
  return {
    type: typeOf(stats),
    owner: accounts.userName(stats.uid),
    group: accounts.groupName(stats.gid),
    mode: modeOf(stats),
  };
}

/** Owner, group and mode as numbers; throws where the user or the group is not there. */
export function attributesOf(
  accounts: Accounts,
  want: { readonly owner: string; readonly group: string; readonly mode: string },
): FileAttributes {
  return { ...idsOf(accounts, want.owner, want.group), mode: Number.parseInt(want.mode, 8) };
}

/** Whether a property is unlike what is wanted. */
export function differs(want: object, observed: Props, ...properties: readonly string[]): boolean {
  return properties.some((property) => observed[property] !== (want as Props)[property]);
}
