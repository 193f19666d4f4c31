import { MusterError } from "../../base/errors.ts";
import type { Account } from "./accounts.ts";

/**
 * Does synchronous work with an account's rights, and always restores root's rights afterwards. Only the
 * effective ids change, so the account cannot signal or trace this process meanwhile.
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

let hasDropped = false;

/** Drops the supplementary groups permanently: root does not need them, and no actor may have them. */
function dropGroups(): void {
  if (hasDropped) return;
  process.setgroups?.([]);
  hasDropped = true;
}

function notRoot(name: string): MusterError {
  return new MusterError({ what: `acting as ${name}`, why: "only root can act as another user" });
}
