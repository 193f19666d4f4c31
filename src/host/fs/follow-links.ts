import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { hasCode } from "../system/error-reason.ts";
import { at, components, type Handle, type MakeFolder, O_PATH, withEntry } from "./open-without-symlinks.ts";

/** The user whose rights are used to walk a path. */
export interface Walker {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Route {
  /** The user whose rights are used; absent for root. */
  readonly walker?: Walker | undefined;
  /** Whether a link at the end of the path is also followed. */
  readonly followsLast: boolean;
  /** Present if no link is followed. A link in the path then counts as an entry that is not a folder. */
  readonly followsNone?: boolean;
  readonly make?: MakeFolder | undefined;
}

/**
 * The place where a path ends after all links in the path have been followed. It is possible that nothing exists there.
 */
export interface Place {
  readonly folder: Handle;
  readonly name: string;
  /** The path of the place without any link. */
  readonly path: string;
  /** The link at the end of the declared path, if this link was followed. */
  readonly link?: Link;
}

export interface Link {
  readonly path: string;
  readonly target: string;
}

/** The error for a link that is neither followed nor removed. */
export class LinkRefusal extends MusterError {}

/** The maximum number of links that are followed on one path, as in Linux. */
const MOST_LINKS = 40;

/**
 * Calls `use` with the place where a path ends. Links are followed one by one, and each component is opened relative to
 * the previous component, so nobody can redirect the walk.
 *
 * With a user's rights, a link is followed if it belongs to the user or to root, and if the user is allowed to write to
 * its target. Root follows only root's links, and only in folders that nobody else can change.
 *
 * @throws LinkRefusal if a link is not followed
 * @throws an error with the code ENOENT or ENOTDIR if a component is missing or is not a folder
 */
export function withPlace<T>(path: string, route: Route, use: (place: Place) => T): T {
  const walk: Walk = { route, trail: [rootFolder()], pending: components(path), rest: 0, followed: 0 };
  try {
    while (advance(walk));
    const place = placeOf(walk);
    refuseUnwritable(walk, place);
    return use(place);
  } finally {
    for (const { handle } of walk.trail) closeSync(handle);
  }
}

interface Step {
  readonly handle: Handle;
  readonly name: string;
}

interface Walk {
  readonly route: Route;
  /** The folders from the root folder to the current folder. */
  readonly trail: Step[];
  pending: readonly string[];
  /** The number of pending components that are not part of a link's target. */
  rest: number;
  followed: number;
  /** The first followed link that an agent can have made. If there is no such link, the last followed link. */
  link?: FollowedLink;
}

interface FollowedLink extends Link {
  /** Whether only root can have made the link, for example `/home`. */
  readonly isRoots: boolean;
}

function rootFolder(): Step {
  return { handle: openSync("/", O_PATH | constants.O_DIRECTORY), name: "" };
}

/** Moves on to the next component. @returns false at the end of the path */
function advance(walk: Walk): boolean {
  const [name, ...rest] = walk.pending;
  if (name === undefined) return false;
  if (name === "..") {
    if (walk.trail.length > 1) closeSync(walk.trail.pop()?.handle ?? 0);
    walk.pending = rest;
    return true;
  }
  const handle = openComponent(walk, name);
  if (handle === undefined) return false;
  return enter(walk, { handle, name }, rest);
}

/**
 * Opens the next component. Creates the component if it is a missing folder.
 *
 * @returns undefined if the last component is missing
 */
function openComponent(walk: Walk, name: string): Handle | undefined {
  const { handle: parent } = current(walk);
  try {
    return openSync(at(parent, name), O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (hasCode(error, "EACCES") && walk.link?.isRoots === false) throw refusal(walk.link, mayNotWrite(walk));
    if (!hasCode(error, "ENOENT")) throw error;
    if (isInTarget(walk)) throw refusal(walk.link as Link, "which does not exist", CREATE);
    if (walk.pending.length === 1) return undefined;
    if (!mayChange(walk, parent)) throw refusal(walk.link as Link, mayNotWrite(walk));
    if (walk.route.make === undefined) throw error;
    walk.route.make(parent, name);
    return openSync(at(parent, name), O_PATH | constants.O_NOFOLLOW);
  }
}

/** Enters a folder or follows a link. @returns false if the entry is the end of the path */
function enter(walk: Walk, { handle, name }: Step, rest: readonly string[]): boolean {
  const isLast = rest.length === 0;
  const stats = fstatSync(handle);
  if (stats.isSymbolicLink() && isFollowed(walk.route, isLast)) {
    try {
      follow(walk, name, stats, rest);
    } finally {
      // Up to this point, the open handle has prevented another file from getting the link's inode.
      closeSync(handle);
    }
    return true;
  }
  if (stats.isDirectory() && !isLast) {
    walk.trail.push({ handle, name });
    walk.pending = rest;
    return true;
  }
  closeSync(handle);
  if (isLast) return false;
  replaceByFolder(walk, name);
  return true;
}

function isFollowed({ followsLast, followsNone = false }: Route, isLast: boolean): boolean {
  return !followsNone && (followsLast || !isLast);
}

function replaceByFolder(walk: Walk, name: string): void {
  if (isInTarget(walk)) throw refusal(walk.link as Link, "which is not a folder");
  if (walk.route.make === undefined)
    throw Object.assign(new Error(`${name} is not a folder`), { code: "ENOTDIR" });
  walk.route.make(current(walk).handle, name);
}

function follow(walk: Walk, name: string, stats: Stats, rest: readonly string[]): void {
  const link = readLink(walk, name, stats);
  walk.followed += 1;
  if (walk.followed > MOST_LINKS) throw refusal(link, "which leads in a circle");
  refuseForeign(walk, link, stats);
  const isAbsolute = link.target.startsWith("/");
  if (isAbsolute) for (const { handle } of walk.trail.splice(1)) closeSync(handle);
  // A link in the middle of another link's target does not end this target.
  if (!isInTarget(walk)) walk.rest = rest.length;
  walk.pending = [...link.target.split("/").filter((one) => one !== "" && one !== "."), ...rest];
  if (walk.link?.isRoots !== false) walk.link = link;
}

/** Reads a link's target, and verifies that the link is still the link that was checked. */
function readLink(walk: Walk, name: string, { dev, ino }: Stats): FollowedLink {
  const { handle } = current(walk);
  const path = pathOf(walk, name);
  let target = "";
  try {
    target = readlinkSync(at(handle, name));
  } catch (error) {
    if (!hasCode(error, "EINVAL", "ENOENT")) throw error;
  }
  const isSame = withEntry(handle, name, (entry) => entry?.stats.ino === ino && entry.stats.dev === dev);
  if (!isSame || target === "")
    throw new MusterError({ what: path, why: "it was changed while it was being observed" });
  return { path, target, isRoots: isRootsOnly(walk) };
}

function refuseForeign(walk: Walk, link: FollowedLink, { uid }: Stats): void {
  const { walker } = walk.route;
  if (walker === undefined) {
    if (link.isRoots && isRoot(uid, walker)) return;
    throw refusal(link, "and root follows no link in a folder that another user can change");
  }
  if (uid !== 0 && uid !== walker.uid) throw refusal(link, `and belongs to neither ${walker.name} nor root`);
}

/**
 * Refuses a place to which the user is not allowed to write. A link that only root can have made, such as `/home`, can
 * lead to folders of root.
 */
function refuseUnwritable(walk: Walk, { folder, name }: Place): void {
  withEntry(folder, name, (entry) => {
    const needed = entry?.stats.isDirectory() ? [entry.handle] : [folder, ...(entry ? [entry.handle] : [])];
    if (needed.every((handle) => mayChange(walk, handle))) return;
    throw refusal(walk.link as Link, mayNotWrite(walk));
  });
}

/** Whether the walker can change an entry that was reached through a link. */
function mayChange({ link, route: { walker } }: Walk, handle: Handle): boolean {
  if (link === undefined || link.isRoots || walker === undefined) return true;
  return mayWrite(walker, fstatSync(handle));
}

/** Whether a user owns an entry, or can write to it by its mode. Supplementary groups do not count. */
function mayWrite({ uid, gid }: Walker, stats: Stats): boolean {
  if (uid === 0 || stats.uid === uid) return true;
  return (stats.mode & 0o002) !== 0 || (stats.gid === gid && (stats.mode & 0o020) !== 0);
}

function isRootsOnly(walk: Walk): boolean {
  const { uid, mode } = fstatSync(current(walk).handle);
  return isRoot(uid, walk.route.walker) && (mode & 0o022) === 0;
}

/**
 * Whether an owner is root. If this process does not run as root, as in some tests, the id of the process counts as
 * root.
 */
function isRoot(uid: number, walker: Walker | undefined): boolean {
  return uid === 0 || (walker === undefined && uid === process.getuid?.());
}

function isInTarget({ link, pending, rest }: Walk): boolean {
  return link !== undefined && pending.length > rest;
}

function current({ trail }: Walk): Step {
  return trail.at(-1) as Step;
}

function pathOf({ trail }: Walk, ...names: readonly string[]): string {
  return [...trail.map(({ name }) => name), ...names].join("/");
}

function placeOf(walk: Walk): Place {
  const [name] = walk.pending;
  const isLink = walk.link !== undefined && walk.rest === 0;
  const rest = isLink ? { link: walk.link as Link } : {};
  if (name !== undefined) return { folder: current(walk).handle, name, path: pathOf(walk, name), ...rest };
  // The target of the last link ended in `..`, so the current folder is the end of the path.
  const path = pathOf(walk);
  const last = walk.trail.length > 1 ? walk.trail.pop() : undefined;
  if (last === undefined) throw refusal(walk.link as Link, "the root folder");
  closeSync(last.handle);
  return { folder: current(walk).handle, name: last.name, path, ...rest };
}

const REPLACE =
  "On the host, replace the link with a bind mount or a copy of what it leads to, or make it a link to a place that its user owns.";
const CREATE = "On the host, create what the link leads to, or remove the link.";

/** Returns the error about a link. @param why the end of the sentence "PATH is a link to TARGET, …" */
export function refusal({ path, target }: Link, why: string, next = REPLACE): LinkRefusal {
  return new LinkRefusal({
    what: shown(path),
    why: `${shown(path)} is a link to ${shown(target)}, ${why}.`,
    next,
  });
}

function mayNotWrite({ route: { walker } }: Walk): string {
  return `where ${walker?.name ?? "root"} is not allowed to write`;
}
