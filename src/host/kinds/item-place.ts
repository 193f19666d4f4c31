import type { DirectoryItem, FileItem, Props, Refusal, RowsItem } from "../../model/items.ts";
import type { Account } from "../accounts/read-accounts.ts";
import { LinkRefusal, type Place, type Route, refusal, withPlace } from "../fs/follow-links.ts";
import { type Entry, type MakeFolder, withEntry } from "../fs/open-without-symlinks.ts";
import { typeOf } from "../fs/read.ts";
import { makeParentFolders } from "../fs/write.ts";
import type { RequestContext } from "../request-context.ts";
import { moveAside } from "../store/kept-copies.ts";
import { hasCode } from "../system/error-reason.ts";
import type { ItemState, OnKept } from "./kind.ts";

export type PathItem = FileItem | DirectoryItem | RowsItem;

/** The entry that was found at the place of an item, or the reason why the place is refused. */
export type Found<T> = { readonly value: T } | { readonly refusal: Refusal };

/** Calls `use` with the place of an item. @throws LinkRefusal if a link in the path is not followed */
export function withItemPlace<T>(
  context: RequestContext,
  item: PathItem,
  walker: Account | undefined,
  use: (place: Place) => T,
  make?: MakeFolder,
): T {
  return withPlace(item.path, routeOf(context, item, walker, make), (place) => {
    if (isHome(item)) refuseForeignHome(context, item, place);
    return use(place);
  });
}

/**
 * Refuses a link if its target is a home that does not belong to the user, because root would otherwise give this
 * folder to the user.
 */
function refuseForeignHome({ accounts }: RequestContext, { want }: PathItem, place: Place): void {
  const { link, folder, name } = place;
  if (link === undefined) return;
  withEntry(folder, name, (entry) => {
    const isOwn = entry?.stats.isDirectory() && entry.stats.uid === accounts.users.get(want.owner)?.uid;
    if (!isOwn) throw refusal(link, `which is not a folder of the user ${want.owner}`);
  });
}

/**
 * Returns how an item's path is walked. A link at the end of the path is followed if the place belongs to an agent.
 * Such a link is not followed for root's own files and folders, or in Muster's own folder, because these entries are
 * never links. Such a link is not followed for a file with `write: once` either, because the agent can replace this
 * file with a link.
 */
function routeOf(
  { host }: RequestContext,
  item: PathItem,
  walker: Account | undefined,
  make?: MakeFolder,
): Route {
  const isAgents = item.actor !== undefined || isHome(item);
  const isOnce = item.kind === "file" && item.write === "once";
  const followsNone = !isAgents && item.path.startsWith(`${host.paths.state}/`);
  return { walker, followsLast: isAgents && !isOnce, followsNone, make };
}

/** Whether an item is a folder for the data of a user. Root creates this folder, although the user owns the folder. */
function isHome(item: PathItem): boolean {
  return item.kind === "directory" && ownsContent(item);
}

/** Whether a folder's contents are moved and removed together with the folder, and are not separate items. */
export function ownsContent({ onRemove }: DirectoryItem): boolean {
  return onRemove !== undefined && onRemove !== "delete";
}

/** Opens the place of an item and calls `look` with the entry, or without an entry if nothing exists there. */
export function findAtPlace<T>(
  context: RequestContext,
  item: PathItem,
  walker: Account | undefined,
  look: (entry: Entry | undefined, place?: Place) => T,
): Found<T> {
  let isReached = false;
  try {
    const value = withItemPlace(context, item, walker, (place) => {
      isReached = true;
      return withEntry(place.folder, place.name, (entry) => look(entry, place));
    });
    return { value };
  } catch (error) {
    if (error instanceof LinkRefusal) return { refusal: refusalOf(error) };
    if (isReached || !hasCode(error, "ENOENT", "ENOTDIR")) throw error;
    return { value: look(undefined) };
  }
}

/**
 * Returns the place of an agent's item if links lead out of the agent's home. The agent's unit might not be able to
 * write to this place.
 */
export function leadsAway(
  { accounts }: RequestContext,
  { path, actor }: PathItem,
  walker: Account | undefined,
  place: Place | undefined,
): { readonly leads?: string } {
  const home = actor === undefined ? undefined : accounts.users.get(actor)?.home;
  if (place === undefined || place.path === path || home === undefined) return {};
  const real = withPlace(home, { walker, followsLast: true }, (one) => one.path);
  return `${place.path}/`.startsWith(`${real}/`) ? {} : { leads: place.path };
}

export function refusalOf({ why, next }: LinkRefusal): Refusal {
  return { why, ...(next !== undefined && { next }) };
}

/**
 * Returns why Muster does not replace the entry at an item's place: the entry is a link that Muster did not create.
 *
 * @returns undefined if the entry can be replaced. Root replaces a link at the path of a file that Muster created, and
 * keeps a copy of the link.
 */
export function linkRefusal(
  { item, applied, intended }: Pick<ItemState<PathItem>, "item" | "applied" | "intended">,
  { stats }: Entry,
): Refusal | undefined {
  const type = typeOf(stats);
  if (type !== "symlink" && type !== "hard link") return undefined;
  const isRoots = item.actor === undefined && !isHome(item);
  if (isRoots && (isMade(applied) || isMade(intended))) return undefined;
  if (type === "symlink")
    return { why: `${item.path} is a link, and Muster did not make it.`, next: REPLACE_LINK };
  return { why: `${item.path} is a hard link: its file has other names too.`, next: REPLACE_HARD_LINK };
}

function isMade(props: Props | undefined): boolean {
  return props?.["type"] !== undefined;
}

const REPLACE_LINK = "Declare the path that the link leads to, or replace the link with a copy of it.";
const REPLACE_HARD_LINK = "Replace it with a copy: `cp -p FILE FILE.new && mv FILE.new FILE`.";

/**
 * Returns the function that creates the missing folders above an item. If another entry is at the path of such a
 * folder, this entry is moved aside. Root creates only missing folders.
 *
 * @param onKept receives the new path of an entry that was moved aside
 */
export function foldersAbove({ host }: RequestContext, item: PathItem, onKept: OnKept): MakeFolder {
  if (item.actor === undefined) return makeParentFolders(0o755);
  return makeParentFolders(0o700, (folder, name) => {
    const isThere = withEntry(folder, name, (entry) => entry !== undefined);
    if (isThere) moveAside(host, { folder, name, path: pathUpTo(item.path, name) }, onKept);
  });
}

function pathUpTo(path: string, name: string): string {
  return path.slice(0, path.indexOf(`/${name}/`) + 1 + name.length);
}
