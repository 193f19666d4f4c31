import { formerLabel } from "../../model/former-unit.ts";
import { type Found, isFormerUnit } from "../../model/found-items.ts";
import { agentOfUnit } from "../../model/host-paths.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { HostItem, Items, Props, UnitItem, UserItem } from "../../model/items.ts";
import { asRoot, asUser } from "../accounts/as-user.ts";
import { editPasswd } from "../accounts/edit-passwd.ts";
import { type Account, groupsOf } from "../accounts/read-accounts.ts";
import type { Place } from "../fs/follow-links.ts";
import type { Entry } from "../fs/open-without-symlinks.ts";
import { setAttributes } from "../fs/write.ts";
import { change } from "../kinds/group.ts";
import { findAtPlace, type PathItem } from "../kinds/item-place.ts";
import { actorOf } from "../kinds/observe-as-user.ts";
import type { RequestContext } from "../request-context.ts";
import { hasCode } from "../system/error-reason.ts";
import { withHostLock } from "../system/locks.ts";
import { forgetFormer, inStartOrder, restoreFormers } from "../units/former-units.ts";
import type { Links } from "../units/start-links.ts";
import { deleteTakeOver } from "../units/take-over.ts";

/**
 * The items of a removed resource, separated into items to remove and items that existed before Muster and are
 * restored.
 */
export interface RemovedItems {
  readonly made: Items;
  readonly kept: Items;
}

/** Separates the items that a resource has found from the items that Muster has created. */
export function separateFound(items: Items, found: Found): RemovedItems {
  const isKept = ([, item]: [string, HostItem]) => isFormerUnit(item) || itemAddress(item) in found;
  const entries = Object.entries(items);
  return {
    kept: Object.fromEntries(entries.filter(isKept)),
    made: Object.fromEntries(entries.filter((entry) => !isKept(entry))),
  };
}

/** Returns the items that are restored but contain keys that Muster has set and must remove. */
export function withOwnKeys(kept: Items): Items {
  const entries = Object.entries(kept).filter(([, item]) => item.kind === "file" && item.write === "merge");
  return Object.fromEntries(entries);
}

/**
 * Gives users, homes and files the access properties that they had before Muster managed them.
 *
 * @param found the properties to restore, by the items' addresses
 */
export function restoreAccess(context: RequestContext, kept: Items, found: Found): void {
  const items = Object.values(kept);
  for (const item of items) {
    const props = found[itemAddress(item)] ?? {};
    if ("path" in item) restorePath(context, item, props);
  }
  for (const item of items)
    if (item.kind === "user") restoreUser(context, item, found[itemAddress(item)] ?? {});
}

/**
 * Restores the access properties of a path. Follows a link at the path if Muster also follows this link when it applies
 * the item.
 */
function restorePath(context: RequestContext, item: PathItem, found: Props): void {
  const { groups, users } = context.accounts;
  const gid = groups.get(`${found["group"]}`);
  const uid = users.get(`${found["owner"]}`)?.uid;
  if (gid === undefined || uid === undefined) return;
  const attributes = { uid, gid, mode: Number.parseInt(`${found["mode"]}`, 8) & 0o3777 };
  const restore = (entry: Entry | undefined, place?: Place) => {
    if (entry !== undefined && isOwn(entry, place, found, uid))
      asRoot(() => setAttributes(entry.handle, attributes));
  };
  const account = actorOf(context, item);
  try {
    asUser(account, () => findAtPlace(context, item, account, restore));
  } catch (error) {
    if (!hasCode(error, "EACCES")) throw error;
    findAtPlace(context, item, undefined, restore);
  }
}

/**
 * Whether an entry is still the entry that was found. A file with several names might be another user's file to which
 * the agent has made a hard link. A link can lead to another user's folder.
 */
function isOwn({ stats }: Entry, place: Place | undefined, { type }: Props, uid: number): boolean {
  if (place?.link !== undefined && stats.uid !== uid) return false;
  return type === "directory" ? stats.isDirectory() : stats.isFile() && stats.nlink === 1;
}

function restoreUser(context: RequestContext, { name, want }: UserItem, found: Props): void {
  const { host, accounts } = context;
  const account = accounts.users.get(name);
  const gid = accounts.groups.get(`${found["group"]}`);
  if (account === undefined || gid === undefined) return;
  const [home, shell] = [`${found["home"]}`, `${found["shell"]}`];
  if (account.gid !== gid || account.home !== home || account.shell !== shell)
    withHostLock(host, () => editPasswd(host.paths.etc, name, { gid, home, shell }));
  const groups = `${found["groups"] ?? ""}`;
  if (groupsOf(host.paths.etc, name).join(",") !== groups)
    change(host, "usermod", ["--groups", groups, "--", name]);
  if (found["group"] !== want.group) returnFiles(context, { ...account, gid }, want.group, home);
  context.refreshAccounts();
}

/**
 * Gives the user's new files the group that the user's files had before Muster managed the user. Runs with the user's
 * own rights, so links cannot redirect the change to another user's files.
 */
function returnFiles({ host }: RequestContext, account: Account, from: string, home: string): void {
  const { name, uid, gid } = account;
  // `find` must be able to enter its working directory, and the user cannot enter root's home.
  const script = 'cd "$1" && exec find . -xdev -user "$2" -group "$3" -exec chgrp -h "$4" {} +';
  host.run("sh", ["-c", script, "sh", home, name, from, String(gid)], { as: { uid, gid }, timeout: 300 });
}

/**
 * Enables and starts the former units of an agent that Muster has taken over. Does not change the units of an agent
 * that was not taken over.
 *
 * @returns one sentence for each unit: that it runs again, or why it does not
 */
export function restoreUnits({ host }: RequestContext, kept: Items, found: Found): string[] {
  const units = Object.values(kept).filter(isFormerUnit);
  for (const { successor } of units) if (successor !== undefined) deleteTakeOver(host, successor);
  return inStartOrder(units.filter(isTakenOver)).flatMap((former) => {
    const { enabled = false, running = false, links } = found[itemAddress(former)] ?? {};
    const state = {
      ...{ ...former, enabled: enabled === true, running: running === true },
      ...(links !== undefined && { links: JSON.parse(`${links}`) as Links }),
    };
    if (!state.enabled && !state.running) return [];
    const errors = restoreFormers(host, [state]);
    const agent = agentOfUnit(former.successor ?? "") ?? former.user;
    if (errors.length > 0)
      return errors.map((error) => `${agent} was given back, but its former unit does not run: ${error}`);
    forgetFormer(host, former);
    return [
      `${agent} was given back: ${formerLabel(former)} ${state.running ? "runs it again" : "is enabled again"}`,
    ];
  });
}

function isTakenOver({ want }: UnitItem): boolean {
  return want.active === "stopped";
}
