import { MusterError } from "../../base/errors.ts";
import { isGateAccount } from "../../model/gate-account.ts";
import type { HostRecord } from "../../model/host-record.ts";
import {
  type HostItem,
  NAMED_IN,
  type Observation,
  OUTSIDE_HOME,
  type Props,
  type UserItem,
} from "../../model/items.ts";
import {
  announceNamedData,
  clearName,
  namedDataOf,
  renameNamedData,
  setNamedDataAside,
} from "../accounts/data-outside-home.ts";
import { editPasswd } from "../accounts/edit-passwd.ts";
import { endProcesses } from "../accounts/end-processes.ts";
import { filesNamingReader } from "../accounts/files-naming.ts";
import { forgetFormerGroup, renameFormerGroup } from "../accounts/former-group.ts";
import { loginObstacles } from "../accounts/login-obstacles.ts";
import { isLogin, loginRefusal, refuseLogin } from "../accounts/login-users.ts";
import { type Accounts, idsOf } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { withPathItem } from "../fs/open-without-symlinks.ts";
import type { RequestContext } from "../request-context.ts";
import { readRecords } from "../store/records.ts";
import { withHostLock } from "../system/locks.ts";
import { stopUnit } from "../units/start-stop.ts";
import { unitsOf } from "../units/systemctl.ts";
import { change } from "./group.ts";
import type { ItemState, Kind } from "./kind.ts";
import { groupsText, keepFirstGroup, missingGroups, setGroups, withMissing } from "./user-groups.ts";

/** Seconds to wait until the processes of a removed user end by themselves. */
const GRACE = 10;

export const user: Kind<UserItem> = {
  observe: (context, targets) => {
    const { host, accounts } = context;
    const filesNaming = filesNamingReader(host);
    return targets.map((target) => {
      const { item } = target;
      const seen = { ...observeUser(context, item, filesNaming), ...gateWarning(host, accounts, item) };
      return isNewLogin(host, accounts, target) ? { ...seen, refusal: loginRefusal(item.name) } : seen;
    });
  },
  converge,
  refuse: ({ host, accounts }, targets) => {
    const login = targets.find((target) => isNewLogin(host, accounts, target));
    if (login !== undefined) refuseLogin(host, accounts, login.item.name, "adopted");
  },
  remove,
  rename,
};

/** Whether a user that no run has adopted yet is the login of this session. */
function isNewLogin(
  host: Host,
  accounts: Accounts,
  { item, applied, intended }: ItemState<UserItem>,
): boolean {
  return applied === undefined && intended === undefined && isLogin(host, accounts, item.name);
}

function observeUser(
  { host, accounts }: RequestContext,
  item: UserItem,
  filesNaming: (user: string) => string[],
): Observation {
  const account = accounts.users.get(item.name);
  if (account === undefined) return withMissing({ props: { present: false } }, accounts, item);
  const { gid, home, shell } = account;
  const outside = namedDataOf(host, account).join(", ");
  const named = filesNaming(item.name).join(", ");
  const props = {
    ...{ present: true, group: accounts.groupName(gid), home, shell },
    ...(outside !== "" && { [OUTSIDE_HOME]: outside }),
    ...(named !== "" && { [NAMED_IN]: named }),
  };
  if (item.want.groups === undefined) return { props };
  const groups = groupsText(host, accounts, account, item);
  return withMissing({ props: { ...props, groups } }, accounts, item);
}

/** Reports why the account of a gate cannot log in, although its properties are as declared. */
function gateWarning(host: Host, accounts: Accounts, { name }: UserItem): { readonly warning?: string } {
  const account = isGateAccount(name) ? accounts.users.get(name) : undefined;
  const obstacles =
    account === undefined ? [] : loginObstacles(host, account, accounts.groupName(account.gid));
  if (obstacles.length === 0) return {};
  const what = `${name} cannot log in with its key: ${obstacles.join("; ")}.`;
  const next = "Correct it in the host's sshd_config, or unlock the account.";
  return { warning: `${what} ${next}` };
}

/** Creates or corrects a user. A new user has no valid password. The user's home is a separate item. */
function converge(context: RequestContext, target: ItemState<UserItem>, observed: Props): void {
  const { host, accounts } = context;
  const refusal = missingGroups(accounts, target.item);
  if (refusal !== undefined) throw new MusterError({ what: `user ${target.item.name}`, ...refusal });
  if (observed["present"] === true) correct(context, target);
  else createUser(host, accounts, target.item);
  setGroups(host, target.item);
}

function createUser(host: Host, accounts: Accounts, item: UserItem): void {
  const { group, home, shell } = item.want;
  clearName(host, item.name);
  const place = ["--no-create-home", "--home-dir", home, "--gid", group, "--shell", shell];
  const number = item.system ? SYSTEM : formerUid(accounts, home);
  change(host, "useradd", [...place, ...number, "--", item.name]);
}

/**
 * Corrects a user. usermod is not used here, because it does not change the home of a user with running
 * processes, and a repair must not stop an agent.
 */
function correct({ host, accounts }: RequestContext, { item, applied }: ItemState<UserItem>): void {
  const { group, home, shell } = item.want;
  const account = accounts.users.get(item.name);
  if (applied === undefined && account !== undefined) keepFirstGroup(host, accounts, account, item);
  const { gid } = idsOf(accounts, item.name, group);
  withHostLock(host, () => editPasswd(host.paths.etc, item.name, { gid, home, shell }));
}

/**
 * No password matches the hash `*`. With the usual `!`, sshd without PAM would treat the account as locked
 * and refuse keys too.
 */
const SYSTEM = ["--system", "--password", "*"];

/** The lowest uid of a normal account on Debian; see UID_MIN in login.defs(5). */
const UID_MIN = 1000;

/**
 * Returns the useradd option that gives a deleted user its former uid. The user's home still belongs to this uid. With
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
  refuseUserRemoval({ host, accounts }, item);
  // cron and logind must not start programs for the user while its processes are being ended.
  const aside = setNamedDataAside(host, account);
  endProcesses(account.uid, GRACE);
  change(host, "userdel", ["--", item.name]);
  forgetFormerGroup(host, item.name);
  return aside;
}

/**
 * Renames a user. The user keeps its uid, and therefore all of its files. The user's crontab, linger file and
 * subordinate ids get the new name before the user gets it, so that a killed run can repeat the rename. The user's
 * units and processes are ended first, because usermod refuses to rename a user with running processes.
 */
function rename({ host, accounts }: RequestContext, from: UserItem, to: UserItem): void {
  const account = accounts.users.get(from.name);
  if (account === undefined) return;
  refuseLogin(host, accounts, from.name, "renamed");
  for (const unit of unitsOf(host, from.name)) stopUnit(host, unit);
  endProcesses(account.uid, GRACE);
  renameNamedData(host, from.name, to.name);
  renameFormerGroup(host, from.name, to.name);
  change(host, "usermod", ["--login", to.name, "--home", to.want.home, "--", from.name]);
  announceNamedData(host, to.name);
}

/**
 * Refuses to remove a user that is this session's login, or that another stack still needs.
 *
 * @throws MusterError
 */
export function refuseUserRemoval(
  { host, accounts }: Pick<RequestContext, "host" | "accounts">,
  { name, onRemove }: UserItem,
): void {
  if (onRemove === "keep") return;
  refuseLogin(host, accounts, name, "removed");
  refuseInUse(host, name);
}

/**
 * Refuses to remove a user that another stack still needs. Otherwise, that stack's files would have no owner,
 * and its units would fail. If the user is the account of that stack's gate, the stack could not even remove
 * its own items.
 *
 * @throws MusterError that names the other stack
 */
function refuseInUse(host: Host, name: string): void {
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
