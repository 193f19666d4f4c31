import { chmodSync, chownSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { DirectoryItem, Observation, Props } from "../../model/items.ts";
import { asUser } from "../accounts/as-user.ts";
import { type Account, accountOf } from "../accounts/read-accounts.ts";
import { type Place, refusal, withPlace } from "../fs/follow-links.ts";
import { at, type Entry, type Handle, itself, withEntry } from "../fs/open-without-symlinks.ts";
import { compactTime, type FileAttributes, removeEmptyFolder, setAttributes } from "../fs/write.ts";
import type { RequestContext } from "../request-context.ts";
import { moveAside } from "../store/kept-copies.ts";
import { hasCode } from "../system/error-reason.ts";
import { attributesOf, differs, propsOf } from "./file-attributes.ts";
import {
  findAtPlace,
  foldersAbove,
  leadsAway,
  linkRefusal,
  ownsContent,
  withItemPlace,
} from "./item-place.ts";
import type { ItemState, Kind, OnKept } from "./kind.ts";
import { observeAsUsers } from "./observe-as-user.ts";
import { ifPresent, withParent } from "./remove-path-item.ts";

type Directory = ItemState<DirectoryItem>;

export const directory: Kind<DirectoryItem> = {
  observe: (context, targets) =>
    observeAsUsers(context, targets, (target, walker) => observeDirectory(context, target, walker)),
  converge,
  remove: (context, { item }) => remove(context, item),
  rename: (_, from, to) => move(from, to),
};

function observeDirectory(
  context: RequestContext,
  target: Directory,
  walker: Account | undefined,
): Observation {
  const { item } = target;
  const found = findAtPlace(context, item, walker, (entry, place): Observation => {
    if (entry === undefined) return { props: { type: "absent" } };
    const props = propsOf(context.accounts, entry.stats);
    const isOthers = place?.link !== undefined && props.owner !== item.want.owner;
    const away = leadsAway(context, item, walker, place);
    if (isOthers && props.type === "directory") return { props: item.want, ...away };
    const refusal = linkRefusal(target, entry);
    return { props, ...(refusal && { refusal }), ...away };
  });
  return "refusal" in found ? { props: { type: "symlink" }, refusal: found.refusal } : found.value;
}

function converge(context: RequestContext, target: Directory, observed: Props, onKept: OnKept): void {
  const { item } = target;
  const attributes = attributesOf(context.accounts, item.want);
  const account = item.actor === undefined ? undefined : accountOf(context.accounts, item.actor);
  // An actor cannot take over another user's folder, but can replace that folder with a new one.
  const foreign = account !== undefined && differs(item.want, observed, "owner");
  const isNew = differs(item.want, observed, "type") || foreign;
  const apply = (place: Place) => {
    if (place.link !== undefined) return setLinked(place, attributes);
    if (isNew) replaceByFolder(context, target, place, onKept);
    withFolderIn(place.folder, place.name, (handle) => setAttributes(handle, attributes));
  };
  asUser(account, () => withItemPlace(context, item, account, apply, foldersAbove(context, item, onKept)));
}

/** Sets the attributes of a folder that a link leads to. Does not change a folder of another user. */
function setLinked({ folder, name, link }: Place, attributes: FileAttributes): void {
  withEntry(folder, name, (entry) => {
    if (link !== undefined && !entry?.stats.isDirectory()) throw refusal(link, "which is not a folder");
    if (entry?.stats.uid === attributes.uid) setAttributes(entry.handle, attributes);
  });
}

/**
 * Creates a new folder, and moves aside the entry that was at its path.
 *
 * @throws MusterError if `linkRefusal` refuses a link at this path
 */
function replaceByFolder(context: RequestContext, target: Directory, place: Place, onKept: OnKept): void {
  const { folder, name } = place;
  withEntry(folder, name, (entry) => {
    const refusal = entry && linkRefusal(target, entry);
    if (refusal !== undefined) throw new MusterError({ what: target.item.path, ...refusal });
    if (entry === undefined || (entry.stats.isDirectory() && removeEmptyFolder(folder, name))) return;
    moveAside(context.host, place, onKept);
  });
  mkdirSync(at(folder, name), { mode: 0o700 });
}

function withFolderIn(parent: Handle, name: string, use: (handle: Handle) => void): void {
  withEntry(parent, name, (entry) => {
    if (!entry?.stats.isDirectory())
      throw Object.assign(new Error("it is no longer a folder"), { code: "ENOTDIR" });
    use(entry.handle);
  });
}

function remove(context: RequestContext, item: DirectoryItem): readonly string[] {
  const { onRemove } = item;
  if (onRemove === "keep") return [];
  const moved: string[] = [];
  withParent(context, item, (place) => {
    if (onRemove === "aside" || onRemove === "wipe") moved.push(...archiveFolder(context, item, place));
    else if (place.link === undefined) removeEmptyFolder(place.folder, place.name);
  });
  if (onRemove !== "wipe") return moved;
  // Only root can reach the folder now, so nobody can redirect the deletion with a symlink.
  for (const path of moved) rmSync(path, { recursive: true, force: true });
  return [];
}

/** Moves a home with its contents. If the home is a link, only the link is moved. */
function move(from: DirectoryItem, to: DirectoryItem): void {
  if (!ownsContent(from)) return;
  withEntryItself(from, (source) => {
    if (!withEntry(source.folder, source.name, isFolderOrLink)) return;
    withEntryItself(to, ({ folder, name }) => {
      if (withEntry(folder, name, (entry) => entry !== undefined)) throw pathTaken(to.path);
      renameSync(at(source.folder, source.name), at(folder, name));
    });
  });
}

/**
 * Calls `use` with the place of a home, without following a link there. Does nothing if the home's parent folder is
 * missing.
 */
function withEntryItself({ path }: DirectoryItem, use: (place: Place) => void): void {
  ifPresent(() => withPlace(path, { followsLast: false }, use));
}

function isFolderOrLink(entry: Entry | undefined): boolean {
  return entry?.stats.isDirectory() === true || entry?.stats.isSymbolicLink() === true;
}

function pathTaken(path: string): MusterError {
  const next = `Move or remove ${path} by hand, then run the command again.`;
  return new MusterError({ what: path, why: "this path already exists", next });
}

/**
 * Moves a folder to a place that only root can access: into the archive folder or, if that folder is on
 * another file system, to a new name in the same parent folder.
 */
function archiveFolder(context: RequestContext, item: DirectoryItem, place: Place): string[] {
  const { folder, name, path } = place;
  // Other users' access is removed first, because a new user can get the uid of a removed user, but must not
  // get access to the removed user's home.
  const exists = withEntry(
    folder,
    name,
    (entry) => entry?.stats.isDirectory() && closeToOthers(entry.handle),
  );
  if (!exists) return [];
  const kept = `${basename(item.path)}-${compactTime()}`;
  const [near, far] = [`${dirname(path)}/.muster-aside-${kept}`, `${context.host.paths.aside}/${kept}`];
  mkdirSync(context.host.paths.aside, { recursive: true, mode: 0o700 });
  const target = renameTo(at(folder, name), far) ? far : near;
  if (target === near) renameSync(at(folder, name), near);
  return [target];
}

/** Renames a path. @returns false if the target is on another file system */
function renameTo(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (!hasCode(error, "EXDEV")) throw error;
    return false;
  }
}

function closeToOthers(handle: Handle): true {
  chmodSync(itself(handle), 0o700);
  chownSync(itself(handle), process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  return true;
}
