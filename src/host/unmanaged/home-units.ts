import { shown } from "../../model/shown.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Account } from "../accounts/accounts.ts";
import { asUser } from "../accounts/as-user.ts";
import { namesAt } from "./read-or-nothing.ts";

/** The folder of a user's own units, relative to the user's home; see systemd.unit(5). */
const FOLDER = ".config/systemd/user";

/** Finds the units in a user's home. The folder is read with the user's rights. */
export function unitsInHome({ name: user, home, ...rest }: Account): Unmanaged[] {
  const folder = `${home}/${FOLDER}`;
  const names = asUser({ name: user, home, ...rest }, () => namesAt(folder));
  const timers = names.filter((name) => name.endsWith(".timer"));
  const services = names.filter(
    (name) => name.endsWith(".service") && !timers.includes(name.replace(/\.service$/, ".timer")),
  );
  const toUnmanaged = (kind: "user timer" | "user service") => (name: string) =>
    ({ kind, user, name: shown(name), where: shown(folder) }) as const;
  return [...timers.map(toUnmanaged("user timer")), ...services.map(toUnmanaged("user service"))];
}
