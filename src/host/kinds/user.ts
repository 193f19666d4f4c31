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

/** Seconds that a removed user's programs have to end by themselves. */
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

/** A new user has no password and so no login with one; its home is an item of its own. */
function converge({ host, accounts }: RequestContext, { item }: ItemState<UserItem>, observed: Props): void {
  const { group, home, shell } = item.want;
  if (observed["present"] !== true) {
    const place = ["--no-create-home", "--home-dir", home, "--gid", group, "--shell", shell];
    const number = item.system ? SYSTEM : formerUid(accounts, home);
    change(host, "useradd", [...place, ...number, "--", item.name]);
    return;
  }
  // usermod refuses another home while the user's programs run, and a repair must not stop an agent.
  const { gid } = idsOf(accounts, item.name, group);
  withHostLock(host, () => editPasswd(host.paths.etc, item.name, { gid, home, shell }));
}

/** sshd without PAM takes the usual `!` for a locked account, which no key opens; no password is `*` either. */
const SYSTEM = ["--system", "--password", "*"];

/** The lowest number of an account that is no system account; login.defs(5), UID_MIN of Debian. */
const UID_MIN = 1000;

/**
 * A user that somebody has deleted gets back the number that its home still has. Otherwise its agent would keep running
 * without access to its own files.
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

/** What it owns depends on its number, which does not change. usermod refuses while a program of the user runs. */
function rename({ host, accounts }: RequestContext, from: UserItem, to: UserItem): void {
  const account = accounts.users.get(from.name);
  if (account === undefined) return;
  for (const unit of unitsOf(host, from.name)) stopUnit(host, unit);
  endProcesses(account.uid, GRACE);
  change(host, "usermod", ["--login", to.name, "--home", to.want.home, "--", from.name]);
}

/**
 * Refuses to remove a user whose things another stack still has: they would have no owner, and their unit would fail. And
 * without its gate's account, that stack could not remove them.
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
    what: `user ${name} stays`,
    why: `the stack ${holder.owner} still has ${holder.id}, which is its`,
    next: `Run \`npx pulumi up\` in ${holder.owner} first, then here again.`,
  });
}

function hasItem({ items }: HostRecord, test: (item: HostItem) => boolean): boolean {
  return Object.values(items).some(test);
}
