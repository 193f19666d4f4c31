import { MusterError } from "../../base/errors.ts";
import type { HostRecord } from "../../model/host-record.ts";
import type { HostItem, Observation, Props, UserItem } from "../../model/items.ts";
import { type Accounts, idsOf } from "../accounts/accounts.ts";
import { endProcesses } from "../accounts/end-processes.ts";
import { editPasswd } from "../accounts/passwd.ts";
import type { Host } from "../context.ts";
import { withPathItem } from "../fs/walk.ts";
import type { RequestContext } from "../request-context.ts";
import { readRecords } from "../store/records.ts";
import { withHostLock } from "../system/locks.ts";
import { stopUnit } from "../units/start-stop.ts";
import { unitsOf } from "../units/systemctl.ts";
import { change } from "./group.ts";
import type { ItemState, Kind } from "./kind.ts";

/** Seconds that the processes of a removed user have to end by themselves. */
const GRACE = 10;

export const user: Kind<UserItem> = {
  observe: ({ accounts }, targets) => targets.map(({ item }) => observeUser(accounts, item)),
  converge,
  remove,
  rename,
};

function observeUser(accounts: Accounts, item: UserItem): Observation {
  const account = accounts.users.get(item.name);
  if (account === undefined) return { props: { present: false } };
  const { gid, home, shell } = account;
  return { props: { present: true, group: accounts.groupName(gid), home, shell } };
}

/** Creates or corrects a user. A new user has no password to log in with; its home is a separate item. */
function converge({ host, accounts }: RequestContext, { item }: ItemState<UserItem>, observed: Props): void {
  const { group, home, shell } = item.want;
  if (observed["present"] !== true) {
    const place = ["--no-create-home", "--home-dir", home, "--gid", group, "--shell", shell];
    const number = item.system ? SYSTEM : formerUid(accounts, home);
    change(host, "useradd", [...place, ...number, "--", item.name]);
    return;
  }
  // usermod is not used here, because it does not change the home of a user with running processes, and a
  // repair must not stop an agent.
  const { gid } = idsOf(accounts, item.name, group);
  withHostLock(host, () => editPasswd(host.paths.etc, item.name, { gid, home, shell }));
}

/**
 * No password matches `*`. With the usual `!`, sshd without PAM would treat the account as locked and refuse
 * keys too.
 */
const SYSTEM = ["--system", "--password", "*"];

/** The lowest uid of a normal account on Debian; see UID_MIN in login.defs(5). */
const UID_MIN = 1000;

/**
 * Returns the useradd option that gives a deleted user its former uid, which still owns the user's home. With
 * a different uid, the agent would have no access to its own files.
 */
function formerUid(accounts: Accounts, home: string): readonly string[] {
  const uid = withPathItem(home, (entry) => entry?.stats.uid) ?? 0;
  const isFree = uid >= UID_MIN && accounts.userName(uid) === String(uid);
  return isFree ? ["--uid", String(uid)] : [];
}

function remove({ host, accounts }: RequestContext, { item }: ItemState<UserItem>): readonly string[] {
  const account = accounts.users.get(item.name);
  if (account === undefined || item.onRemove === "keep") return [];
  refuseInUse(host, item.name);
  endProcesses(account.uid, GRACE);
  change(host, "userdel", ["--", item.name]);
  return [];
}

/** Renames a user, who keeps the uid and so all files. usermod refuses if the user has running processes. */
function rename({ host, accounts }: RequestContext, from: UserItem, to: UserItem): void {
  const account = accounts.users.get(from.name);
  if (account === undefined) return;
  for (const unit of unitsOf(host, from.name)) stopUnit(host, unit);
  endProcesses(account.uid, GRACE);
  change(host, "usermod", ["--login", to.name, "--home", to.want.home, "--", from.name]);
}

/**
 * Refuses to remove a user that another stack still needs: that stack's files would have no owner, and its
 * units would fail. Without the account of its gate, a stack could not even remove its own items.
 *
 * @throws MusterError that names the other stack
 */
export function refuseInUse(host: Host, name: string): void {
  const records = readRecords(host);
  const owner = records.find((record) =>
    hasItem(record, (item) => item.kind === "user" && item.name === name),
  )?.owner;
  const holder = records.find(
    (record) =>
      record.owner !== owner &&
      (record.gate === name || hasItem(record, (item) => "actor" in item && item.actor === name)),
  );
  if (owner === undefined || holder === undefined) return;
  throw new MusterError({
    what: `user ${name} was not removed`,
    why: `the stack ${holder.owner} still has ${holder.id}, which uses this user`,
    next: `Run \`npx pulumi up\` for stack ${holder.owner} first, then run it again for this one.`,
  });
}

function hasItem({ items }: HostRecord, test: (item: HostItem) => boolean): boolean {
  return Object.values(items).some(test);
}
