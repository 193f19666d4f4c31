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
import { withParent } from "./path-item.ts";

export const directory: Kind<DirectoryItem> = {
  observe: (context, targets) => observeAsUsers(context, targets, ({ item }) => look(context, item)),
  converge,
  remove: (context, { item }) => remove(context, item),
  rename: (context, from, to) => move(context, from, to),
};

function look(context: RequestContext, item: DirectoryItem): Observation {
  return withPathItem(item.path, (entry) => ({
    props: entry === undefined ? { type: "absent" } : propsOf(context.accounts, entry.stats),
  }));
}

function converge(context: RequestContext, { item }: ItemState<DirectoryItem>, observed: Props): void {
  const standing = attributesOf(context.accounts, item.want);
  const account = item.actor === undefined ? undefined : accountOf(context.accounts, item.actor);
  // An actor may not take over a folder of somebody else's in its tree, but may put its own in its place.
  const foreign = account !== undefined && differs(item.want, observed, "owner");
  const anew = differs(item.want, observed, "type") || foreign;
  const make = account === undefined ? makeParentFolders(0o755, false) : makeParentFolders(0o700, true);
  const { parent, name } = split(item.path);
  asUser(account, () =>
    withFolder(
      parent,
      (folder) => {
        if (anew) makeAnew(folder, name);
        withFolderIn(folder, name, (handle) => setAttributes(handle, standing));
      },
      make,
    ),
  );
}

function makeAnew(folder: Handle, name: string): void {
  clearAway(folder, name);
  mkdirSync(at(folder, name), { mode: 0o700 });
}

function withFolderIn(parent: Handle, name: string, use: (handle: Handle) => void): void {
  withEntry(parent, name, (entry) => {
    if (!entry?.stats.isDirectory())
      throw Object.assign(new Error("it is no folder any more"), { code: "ENOTDIR" });
    use(entry.handle);
  });
}

function remove(context: RequestContext, item: DirectoryItem): readonly string[] {
  const { onRemove } = item;
  if (onRemove === "keep") return [];
  const moved: string[] = [];
  withParent(context, item, (folder, name) => {
    if (onRemove === "aside" || onRemove === "wipe")
      moved.push(...moveAside(context, folder, item.path, name));
    else removeEmptyFolder(folder, name);
  });
  if (onRemove !== "wipe") return moved;
  // Deleted only now that root alone can reach it: nobody can lead the way elsewhere meanwhile.
  for (const path of moved) rmSync(path, { recursive: true, force: true });
  return [];
}

function move(context: RequestContext, from: DirectoryItem, to: DirectoryItem): void {
  if (!ownsContent(from)) return;
  withParent(context, from, (folder, name) => {
    if (!isFolder(folder, name)) return;
    withParent(context, to, (toFolder, toName) => {
      if (withEntry(toFolder, toName, (entry) => entry !== undefined)) throw inTheWay(to.path);
      renameSync(at(folder, name), at(toFolder, toName));
    });
  });
}

/** Whether what lies in a folder is of whoever has the folder, and not items of their own. */
export function ownsContent({ onRemove }: DirectoryItem): boolean {
  return onRemove !== undefined && onRemove !== "delete";
}

function inTheWay(path: string): MusterError {
  const next = `Move ${path} away by hand, or remove it, and run it again.`;
  return new MusterError({ what: path, why: "something stands there already", next });
}

function isFolder(folder: Handle, name: string): boolean {
  return withEntry(folder, name, (entry) => entry?.stats.isDirectory() === true);
}

/** Keeps a whole folder where root alone can reach it: beside the reconciler's tree, or on its own file system. */
function moveAside(context: RequestContext, folder: Handle, path: string, name: string): string[] {
  // Closed first: who gets the number of a removed user must not get its home.
  const isThere = withEntry(
    folder,
    name,
    (entry) => entry?.stats.isDirectory() && closeToOthers(entry.handle),
  );
  if (!isThere) return [];
  const kept = `${name}-${compactTime()}`;
  const [near, far] = [`${dirname(path)}/.muster-aside-${kept}`, `${context.host.paths.aside}/${kept}`];
  mkdirSync(context.host.paths.aside, { recursive: true, mode: 0o700 });
  const target = renameTo(at(folder, name), far) ? far : near;
  if (target === near) renameSync(at(folder, name), near);
  return [target];
}

/** @returns false where the target is on another file system */
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
