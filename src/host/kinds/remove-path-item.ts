import { dirname } from "node:path";
import type { HostItem } from "../../model/items.ts";
import type { Account } from "../accounts/accounts.ts";
import { asUser } from "../accounts/as-user.ts";
import { type Handle, split, withFolder } from "../fs/walk.ts";
import { discard, removeEmptyFolder, temporaryName } from "../fs/write.ts";
import type { RequestContext } from "../request-context.ts";
import { hasCode } from "../system/error-reason.ts";
import { actorOf } from "./observe-as-user.ts";

type PathItem = Extract<HostItem, { path: string }>;

/** Removes an item's file, and the temporary file that a killed run has left, with its actor's rights. */
export function removePathItem(
  context: RequestContext,
  item: PathItem,
  suffixes: readonly string[] = [""],
): readonly string[] {
  withParent(context, item, (folder, name) => {
    discard(folder, temporaryName(name));
    for (const suffix of suffixes) discard(folder, `${name}${suffix}`);
  });
  return [];
}

/** Removes the temporary file that a killed run has left beside an item. */
export function removeUnfinished(context: RequestContext, item: PathItem): void {
  withParent(context, item, (folder, name) => discard(folder, temporaryName(name)));
}

/**
 * Calls `use` with the parent folder of an item, with the rights of the item's actor. Does nothing if the
 * folder or the actor no longer exists; an actor's home is removed together with the actor.
 */
export function withParent(
  context: RequestContext,
  item: PathItem,
  use: (folder: Handle, name: string) => void,
): void {
  const account = actorOf(context, item);
  if (item.actor !== undefined && account === undefined) return;
  const { parent, name } = split(item.path);
  asUser(account, () => ifPresent(() => withFolder(parent, (folder) => use(folder, name))));
}

/** Removes the empty folders between `top` and a path, innermost first, while `mayRemove` returns true. */
export function removeEmptyParents(
  account: Account | undefined,
  path: string,
  top: string,
  mayRemove: (folder: string) => boolean,
): void {
  for (let dir = dirname(path); dir.startsWith(`${top}/`) && mayRemove(dir); dir = dirname(dir)) {
    const { parent, name } = split(dir);
    let isGone = true;
    asUser(account, () =>
      ifPresent(() =>
        withFolder(parent, (folder) => {
          isGone = removeEmptyFolder(folder, name);
        }),
      ),
    );
    if (!isGone) return;
  }
}

function ifPresent(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
  }
}
