import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { labelOf } from "../../model/agent-parts.ts";
import type { Items } from "../../model/items.ts";
import { readLogin } from "../../model/login-file.ts";
import type { ExpiredLogin } from "../../model/protocol.ts";
import { asUser } from "../accounts/as-user.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";

/** The maximum size in bytes of a login file. */
const MOST = 1024 * 1024;

/** Returns the login files among the items that have expired, and that have no refresh token. */
export function readExpiredLogins(host: Host, items: Items, now = Date.now()): ExpiredLogin[] {
  return Object.entries(items).flatMap(([name, item]) => {
    if (item.kind !== "file" || item.write !== "adopt") return [];
    const text = readAsOwner(host, item.path, item.want.owner);
    const { expires } = (text === undefined ? undefined : readLogin(item.path, text)) ?? {};
    if (expires === undefined || expires > now) return [];
    return [{ credential: labelOf(name), since: new Date(expires).toISOString() }];
  });
}

/** Reads a file with the rights of its owner. @returns undefined if the file cannot be read */
function readAsOwner(host: Host, path: string, owner: string): string | undefined {
  const account = readAccounts(host.paths.etc).users.get(owner);
  if (account === undefined) return undefined;
  try {
    return asUser(account, () => {
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const stats = fstatSync(fd);
        return stats.isFile() && stats.size <= MOST ? readFileSync(fd, "utf8") : undefined;
      } finally {
        closeSync(fd);
      }
    });
  } catch {
    return undefined;
  }
}
