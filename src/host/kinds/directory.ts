import { chmodSync, chownSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { DirectoryItem, Observation, Props } from "../../model/items.ts";
import { accountOf } from "../accounts/accounts.ts";
import { asUser } from "../accounts/as-user.ts";
import { at, type Handle, itself, split, withEntry, withFolder, withPathItem } from "../fs/walk.ts";
import { clearAway, compactTime, makeParentFolders, removeEmptyFolder, setAttributes } from "../fs/write.ts";
import type { RequestContext } from "../request-context.ts";
import { hasCode } from "../system/error-reason.ts";
import { attributesOf, differs, propsOf } from "./file-attributes.ts";
import type { ItemState, Kind } from "./kind.ts";
import { observeAsUsers } from "./observe-as-user.ts";
import { withParent } from "./remove-path-item.ts";

export const directory: Kind<DirectoryItem> = {
  observe: (context, targets) =>
    observeAsUsers(context, targets, ({ item }) => observeDirectory(context, item)),
  converge,
  remove: (context, { item }) => remove(context, item),
  rename: (context, from, to) => move(context, from, to),
};

function observeDirectory(context: RequestContext, item: DirectoryItem): Observation {
  return withPathItem(item.path, (entry) => ({
    props: entry === undefined ? { type: "absent" } : propsOf(context.accounts, entry.stats),
  }));
}

function converge(context: RequestContext, { item }: ItemState<DirectoryItem>, observed: Props): void {
  const attributes = attributesOf(context.accounts, item.want);
  const account = item.actor === undefined ? undefined : accountOf(context.accounts, item.actor);
  // An actor cannot take over another user's folder, but can replace that folder with a new one.
  const foreign = account !== undefined && differs(item.want, observed, "owner");
  const isNew = differs(item.want, observed, "type") || foreign;
  const make = account === undefined ? makeParentFolders(0o755, false) : makeParentFolders(0o700, true);
  const { parent, name } = split(item.path);
  asUser(account, () =>
    withFolder(
      parent,
      (folder) => {
        if (isNew) replaceFolder(folder, name);
        withFolderIn(folder, name, (handle) => setAttributes(handle, attributes));
      },
      make,
    ),
  );
}

function replaceFolder(folder: Handle, name: string): void {
  clearAway(folder, name);
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
  withParent(context, item, (folder, name) => {
    if (onRemove === "aside" || onRemove === "wipe")
      moved.push(...archiveFolder(context, folder, item.path, name));
    else removeEmptyFolder(folder, name);
  });
  if (onRemove !== "wipe") return moved;
  // Only root can reach the folder now, so nobody can redirect the deletion with a symlink.
  for (const path of moved) rmSync(path, { recursive: true, force: true });
  return [];
}

function move(context: RequestContext, from: DirectoryItem, to: DirectoryItem): void {
  if (!ownsContent(from)) return;
  withParent(context, from, (folder, name) => {
    if (!isFolder(folder, name)) return;
    withParent(context, to, (toFolder, toName) => {
      if (withEntry(toFolder, toName, (entry) => entry !== undefined)) throw pathTaken(to.path);
      renameSync(at(folder, name), at(toFolder, toName));
    });
  });
}

/** Whether a folder's contents are moved and removed together with the folder, and are not separate items. */
export function ownsContent({ onRemove }: DirectoryItem): boolean {
  return onRemove !== undefined && onRemove !== "delete";
}

function pathTaken(path: string): MusterError {
  const next = `Move or remove ${path} by hand, then run the command again.`;
  return new MusterError({ what: path, why: "this path already exists", next });
}

function isFolder(folder: Handle, name: string): boolean {
  return withEntry(folder, name, (entry) => entry?.stats.isDirectory() === true);
}

/**
 * Moves a folder to a place that only root can access: into the archive folder, or, if that is on another
 * file system, to a new name beside the original.
 */
function archiveFolder(context: RequestContext, folder: Handle, path: string, name: string): string[] {
  // Access is closed first, because a new user may get the uid of a removed user, but must not get its home.
  const exists = withEntry(
    folder,
    name,
    (entry) => entry?.stats.isDirectory() && closeToOthers(entry.handle),
  );
  if (!exists) return [];
  const kept = `${name}-${compactTime()}`;
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
