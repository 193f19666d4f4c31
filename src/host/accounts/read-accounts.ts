import { readFileSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The host's users and groups, read once from the files `passwd` and `group`. */
export interface Accounts {
  readonly users: ReadonlyMap<string, Account>;
  readonly groups: ReadonlyMap<string, number>;
  /** Returns the groups that a user has in addition to its primary group, sorted. */
  supplementary(user: Account): string[];
  /** Returns the user's name, or its uid as text if no account has that uid. */
  userName(uid: number): string;
  groupName(gid: number): string;
}

/** Reads the host's users and groups. @param etc the folder that contains `passwd` and `group` */
export function readAccounts(etc: string): Accounts {
  const users = new Map(lines(`${etc}/passwd`).map((fields) => [fields[0] ?? "", toAccount(fields)]));
  const groupLines = lines(`${etc}/group`);
  const groups = new Map(groupLines.map((fields) => [fields[0] ?? "", Number(fields[2])]));
  const members = groupLines.map(
    ([group = "", , gid, names = ""]) => [group, Number(gid), names.split(",")] as const,
  );
  const userNames = new Map([...users].reverse().map(([name, { uid }]) => [uid, name]));
  const groupNames = new Map([...groups].reverse().map(([name, gid]) => [gid, name]));
  return {
    users,
    groups,
    supplementary: ({ name, gid }) =>
      members.flatMap(([group, id, names]) => (id !== gid && names.includes(name) ? [group] : [])).sort(),
    userName: (uid) => userNames.get(uid) ?? String(uid),
    groupName: (gid) => groupNames.get(gid) ?? String(gid),
  };
}

/**
 * Returns the uid of an owner and the gid of a group.
 *
 * @throws MusterError if the owner or the group does not exist
 */
export function idsOf(accounts: Accounts, owner: string, group: string): { uid: number; gid: number } {
  const uid = accounts.users.get(owner)?.uid;
  const gid = accounts.groups.get(group);
  if (uid === undefined) throw missing("user", owner);
  if (gid === undefined) throw missing("group", group);
  return { uid, gid };
}

/** Returns an actor's account. @throws MusterError if the actor has no account */
export function accountOf(accounts: Accounts, actor: string): Account {
  const account = accounts.users.get(actor);
  if (account === undefined) throw missing("user", actor);
  return account;
}

/** Returns the supplementary groups of a user, sorted by name. @param etc the folder that contains `group` */
export function groupsOf(etc: string, user: string): string[] {
  const member = ([, , , members = ""]: readonly string[]) => members.split(",").includes(user);
  return lines(`${etc}/group`)
    .filter(member)
    .map(([name = ""]) => name)
    .sort();
}

function missing(kind: string, name: string): MusterError {
  return new MusterError({ what: `${kind} ${name}`, why: `there is no ${kind} ${name} on this host` });
}

function lines(file: string): string[][] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.includes(":"))
    .map((line) => line.split(":"));
}

function toAccount([name = "", , uid, gid, , home = "", shell = ""]: readonly string[]): Account {
  return { name, uid: Number(uid), gid: Number(gid), home, shell };
}
