import { readFileSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { processStatus } from "../../base/proc-stat.ts";
import type { Refusal } from "../../model/items.ts";
import { hasCode } from "../system/error-reason.ts";
import { orNothing } from "../system/read-or-nothing.ts";
import type { Accounts } from "./read-accounts.ts";

/**
 * Returns the uids of the users that are logged in for this session: the owners of this process's ancestors, such as
 * sshd's process for the session, and the user who called sudo. Omits root, because root is never removed.
 */
export function loginUids(): ReadonlySet<number> {
  const uids = new Set<number>([Number(process.env["SUDO_UID"] ?? 0)]);
  for (let pid = process.pid; pid > 1; ) {
    const status = statusOf(pid);
    uids.add(Number(/^Uid:\t(\d+)/m.exec(status)?.[1] ?? 0));
    pid = Number(/^PPid:\t(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return new Set([...uids].filter((uid) => uid > 0));
}

/**
 * Returns the address from which this session's user has logged in: the first word of SSH_CONNECTION in the environment
 * of this process or of an ancestor. The ancestors are searched too, because sudo removes the variable. Returns
 * undefined if there is no such variable.
 */
export function loginAddress(): string | undefined {
  for (let pid = process.pid; pid > 1; pid = processStatus(pid)?.parent ?? 0) {
    const variables = orNothing(() => readFileSync(`/proc/${pid}/environ`, "latin1"))?.split("\0") ?? [];
    const [, address] = variables.flatMap((one) => /^SSH_CONNECTION=([\da-fA-F.:]+) /.exec(one) ?? []);
    if (address !== undefined) return address;
  }
  return undefined;
}

/** The users that are logged in for this session; see `Host`. */
export interface LoginSession {
  readonly loginUids: ReadonlySet<number>;
}

/** Whether a user is logged in for this session. */
export function isLogin({ loginUids }: LoginSession, { users }: Accounts, name: string): boolean {
  const account = users.get(name);
  return account !== undefined && loginUids.has(account.uid);
}

/**
 * Refuses to change a user that is logged in for this session, because otherwise nobody could log in to undo a mistake.
 *
 * @param change the refused change as a participle, such as "removed"
 * @throws MusterError
 */
export function refuseLogin(session: LoginSession, accounts: Accounts, name: string, change: string): void {
  if (!isLogin(session, accounts, name)) return;
  throw new MusterError({ what: `user ${name} was not ${change}`, ...loginRefusal(name) });
}

export function loginRefusal(name: string): Required<Refusal> {
  return {
    why: `Muster is logged in to this host as ${name}, and would lock you out.`,
    next: `Set \`user\` of this host in fleet.yaml to another login, such as root, or give the agent another name.`,
  };
}

/** Returns the status of a process; empty if the process has ended. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return "";
    throw error;
  }
}
