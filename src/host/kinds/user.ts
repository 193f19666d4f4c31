import { readdirSync, readFileSync } from "node:fs";
import type { Observation, Props, UserItem } from "../../model/items.ts";
import { type Accounts, idsOf } from "../accounts.ts";
import { editPasswd } from "../passwd.ts";
import { hasCode, pause } from "../reason.ts";
import { change } from "./group.ts";
import type { Kind, Scene, Subject } from "./kind.ts";

/** Seconds that a removed user's last programs get to end by themselves. */
const GRACE = 10;

export const user: Kind<UserItem> = {
  observe: ({ accounts }, subjects) => subjects.map(({ item }) => look(accounts, item)),
  converge,
  remove,
};

function look(accounts: Accounts, item: UserItem): Observation {
  const account = accounts.users.get(item.name);
  if (account === undefined) return { props: { present: false } };
  const { gid, home, shell } = account;
  return { props: { present: true, group: accounts.groupName(gid), home, shell } };
}

/** A new user has no password and no way to log in with one; its home is an item of its own. */
function converge({ host, accounts }: Scene, { item }: Subject<UserItem>, observed: Props): void {
  const { group, home, shell } = item.want;
  if (observed["present"] !== true) {
    const place = ["--no-create-home", "--home-dir", home, "--gid", group, "--shell", shell];
    change(host, "useradd", [...place, "--", item.name]);
    return;
  }
  // usermod refuses another home while the user's programs run, and mending must not stop an agent.
  const { gid } = idsOf(accounts, item.name, group);
  editPasswd(host.paths.etc, item.name, { gid, home, shell });
}

function remove({ host, accounts }: Scene, { item }: Subject<UserItem>): readonly string[] {
  const account = accounts.users.get(item.name);
  if (account === undefined) return [];
  endProcesses(account.uid);
  change(host, "userdel", ["--", item.name]);
  return [];
}

/** Waits until a user has no process any more, and ends by force those that stay. */
function endProcesses(uid: number): void {
  const deadline = Date.now() + GRACE * 1000;
  for (let pids = processesOf(uid); pids.length > 0; pids = processesOf(uid)) {
    if (Date.now() > deadline) for (const pid of pids) kill(pid);
    if (Date.now() > deadline + GRACE * 1000) return;
    pause(100);
  }
}

function processesOf(uid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => realUidOf(pid) === uid)
    .map(Number);
}

function realUidOf(pid: string): number | undefined {
  try {
    return Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
