import { dirname } from "node:path";
import { digestOf } from "../../model/digest.ts";
import type { FileItem } from "../../model/items.ts";
import { asRoot, asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import { LinkRefusal, type Place } from "../fs/follow-links.ts";
import { type Entry, split, withEntry, withFolder } from "../fs/open-without-symlinks.ts";
import { readEntry, typeOf } from "../fs/read.ts";
import { discard, removeEmptyFolder, temporaryName } from "../fs/write.ts";
import type { RequestContext } from "../request-context.ts";
import { keepBytes, moveAside } from "../store/kept-copies.ts";
import { isSecretItem } from "../store/secret-hasher.ts";
import { hasCode } from "../system/error-reason.ts";
import { type PathItem, withItemPlace } from "./item-place.ts";
import type { OnKept } from "./kind.ts";
import { actorOf } from "./observe-as-user.ts";

/**
 * Removes an item's file, and the temporary file that a killed run has left, with the rights of the item's actor. Keeps
 * links and files with `write: once`. If somebody has changed the file, a copy of its text is kept.
 *
 * @returns the paths of the copies
 */
export function removePathItem(
  context: RequestContext,
  item: PathItem,
  suffixes: readonly string[] = [""],
): readonly string[] {
  const kept: string[] = [];
  withParent(context, item, (place) => {
    const { folder, name } = place;
    discard(folder, temporaryName(name));
    if (item.kind === "file") keepChanged(context, item, place, (path) => kept.push(path));
    if (isAgents(item, place)) return;
    for (const suffix of suffixes) discard(folder, `${name}${suffix}`);
  });
  return kept;
}

/** Whether the entry at an item's place belongs to the item's agent. Muster does not remove such an entry. */
function isAgents(item: PathItem, { folder, name, link }: Place): boolean {
  if (item.kind === "file" && item.write === "once") return true;
  if (item.actor === undefined) return false;
  return link !== undefined || withEntry(folder, name, (entry) => entry !== undefined && isLink(entry));
}

function isLink({ stats }: Entry): boolean {
  return ["symlink", "hard link"].includes(typeOf(stats));
}

/** Keeps a copy of the text of a file that somebody has changed. Keeps no copy of a secret. */
function keepChanged(context: RequestContext, item: FileItem, place: Place, onKept: OnKept): void {
  if (isSecretItem(item) || item.write === "once") return;
  withEntry(place.folder, place.name, (entry) => {
    if (entry === undefined || typeOf(entry.stats) !== "file" || entry.stats.size === 0) return;
    const bytes = asRoot(() => readEntry(entry));
    if (bytes === undefined) moveAside(context.host, place, onKept);
    else if (digestOf(bytes) !== item.want.content) onKept(keepBytes(context.host, place.path, bytes));
  });
}

/**
 * Removes the temporary file that a killed run has left for an item. If the actor may not enter the folder, the item's
 * converge reports the error.
 */
export function removeUnfinished(context: RequestContext, item: PathItem): void {
  try {
    withParent(context, item, ({ folder, name }) => discard(folder, temporaryName(name)));
  } catch (error) {
    if (!hasCode(error, "EACCES")) throw error;
  }
}

/**
 * Calls `use` with the place of an item, with the rights of the item's actor. Does nothing if a link in the path is not
 * followed, or if the folder or the actor no longer exists. An actor's home is removed together with the actor.
 */
export function withParent(context: RequestContext, item: PathItem, use: (place: Place) => void): void {
  const account = actorOf(context, item);
  if (item.actor !== undefined && account === undefined) return;
  asUser(account, () => ifPresent(() => withItemPlace(context, item, account, use)));
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

/** Does the work. Ignores the error if a folder in the path is missing, or is a link that is not followed. */
export function ifPresent(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof LinkRefusal) return;
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
  }
}
