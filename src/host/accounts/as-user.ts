import { MusterError } from "../../base/errors.ts";
import type { Account } from "./read-accounts.ts";

/**
 * Does synchronous work with an account's rights, and always restores root privileges afterwards. Only the effective
 * ids change. The real ids are kept, so the account cannot signal or trace this process during the work.
 *
 * @param account undefined for this process's own rights
 */
export function asUser<T>(account: Account | undefined, work: () => T): T {
  const { geteuid, getegid, seteuid, setegid } = process;
  if (!geteuid || !getegid || !seteuid || !setegid) throw new Error("this system has no POSIX user ids");
  if (account === undefined || account.uid === geteuid()) return work();
  if (geteuid() !== 0) throw notRoot(account.name);
  dropGroups();
  const group = getegid();
  try {
    setegid(account.gid);
    seteuid(account.uid);
    return work();
  } finally {
    seteuid(0);
    setegid(group);
  }
}

/**
 * Does synchronous work with root privileges, also when it is called inside `asUser`. If this process was not started
 * as root, the work is done with the rights of this process.
 */
export function asRoot<T>(work: () => T): T {
  const { geteuid, getegid, getuid, getgid, seteuid, setegid } = process;
  if (!geteuid || !getegid || !getuid || !getgid || !seteuid || !setegid)
    throw new Error("this system has no POSIX user ids");
  if (geteuid() === 0 || getuid() !== 0) return work();
  const [user, group] = [geteuid(), getegid()];
  try {
    seteuid(0);
    setegid(getgid());
    return work();
  } finally {
    setegid(group);
    seteuid(user);
  }
}

let hasDropped = false;

/**
 * Drops the supplementary groups permanently: root does not need them, and no actor is allowed to have them.
 */
function dropGroups(): void {
  if (hasDropped) return;
  process.setgroups?.([]);
  hasDropped = true;
}

function notRoot(name: string): MusterError {
  return new MusterError({ what: `acting as ${name}`, why: "only root can act as another user" });
}
