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

/** Removes an item's path with its actor's rights, and what a killed run has left beside it. */
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
 * Calls `use` on the folder of an item, as its actor. Does nothing if the folder is gone, or the actor, whose home went
 * with it.
 */
export function withParent(
  context: RequestContext,
  item: PathItem,
  use: (folder: Handle, name: string) => void,
): void {
  const account = actorOf(context, item);
  if (item.actor !== undefined && account === undefined) return;
  const { parent, name } = split(item.path);
  asUser(account, () => ifThere(() => withFolder(parent, (folder) => use(folder, name))));
}

/** Removes the folders above a path that are empty now, below `top` and as far as `mayGo` says. */
export function removeEmptyParents(
  account: Account | undefined,
  path: string,
  top: string,
  mayGo: (folder: string) => boolean,
): void {
  for (let dir = dirname(path); dir.startsWith(`${top}/`) && mayGo(dir); dir = dirname(dir)) {
    const { parent, name } = split(dir);
    let gone = true;
    asUser(account, () =>
      ifThere(() =>
        withFolder(parent, (folder) => {
          gone = removeEmptyFolder(folder, name);
        }),
      ),
    );
    if (!gone) return;
  }
}

function ifThere(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
  }
}
