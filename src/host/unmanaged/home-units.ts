import { existsSync } from "node:fs";
import { shown } from "../../model/shorten-for-display.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import { asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { namesAt } from "../system/read-or-nothing.ts";

/** The folders of a user's own units, relative to the user's home; see systemd.unit(5). */
const FOLDERS = [".config/systemd/user", ".local/share/systemd/user"];

/** Finds the units in a user's home. The folders are read with the user's rights. */
export function unitsInHome(account: Account): Unmanaged[] {
  return asUser(account, () =>
    FOLDERS.flatMap((folder) => unitsIn(account, `${account.home}/${folder}`, isUserUnit)),
  );
}

/**
 * Finds the timers and paths that start in every user's own systemd instance, if this user's instance runs without a
 * login. The services in the same folder are found by their processes.
 */
export function sharedUserUnits({ paths }: Host, account: Account): Unmanaged[] {
  if (!existsSync(`${paths.linger}/${account.name}`)) return [];
  return unitsIn(account, `${paths.etc}/systemd/user`, (name) => /\.(timer|path)$/.test(name));
}

function isUserUnit(name: string): boolean {
  return /\.(timer|path|service)$/.test(name);
}

/** Returns the units in a folder. Omits a service if a timer or a path of the same name starts it. */
function unitsIn({ name: user }: Account, folder: string, isUnit: (name: string) => boolean): Unmanaged[] {
  const names = namesAt(folder).filter(isUnit);
  const triggers = names.filter((name) => !name.endsWith(".service"));
  const services = names.filter(
    (name) =>
      name.endsWith(".service") &&
      !["timer", "path"].some((type) => triggers.includes(name.replace(/service$/, type))),
  );
  return [...triggers, ...services].map((name) => {
    const kind = `user ${name.slice(name.lastIndexOf(".") + 1)}` as
      | "user timer"
      | "user path"
      | "user service";
    return { kind, user, name: shown(name), where: shown(folder) };
  });
}
