import { existsSync } from "node:fs";
import { accountOf, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";

/**
 * Returns the host with calls of systemctl that run as a user, with this user's rights, and control the units of this
 * user's systemd.
 *
 * @throws MusterError if the user does not exist
 */
export function userManager(host: Host, user: string): Host {
  const account = accountOf(readAccounts(host.paths.etc), user);
  const run: Host["run"] = (program, args, options) =>
    program === "systemctl"
      ? host.run("env", [`XDG_RUNTIME_DIR=${runtimeDir(account.uid)}`, program, "--user", ...args], {
          ...options,
          as: account,
        })
      : host.run(program, args, options);
  return Object.assign(Object.create(host) as Host, { run });
}

/** Whether the systemd of a user runs: the user is logged in or lingers. */
export function hasUserManager(host: Host, user: string): boolean {
  const account = readAccounts(host.paths.etc).users.get(user);
  return account !== undefined && existsSync(`${runtimeDir(account.uid)}/systemd/private`);
}

function runtimeDir(uid: number): string {
  return `/run/user/${uid}`;
}
