import type { HostRecord } from "../../model/host-record.ts";
import { UNMANAGED_KINDS, type Unmanaged } from "../../model/unmanaged.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Host } from "../context.ts";
import { crontabLines } from "./crontabs.ts";
import { unitsInHome } from "./home-units.ts";
import { orNothing } from "./read-or-nothing.ts";
import { strayUnits } from "./stray-units.ts";
import { tmuxServers } from "./tmux-servers.ts";

/** The most entries of one kind and user to report by name. */
const MAX_NAMED = 20;

/**
 * Finds what runs as a managed user without being declared. It only reads files and /proc, and starts no
 * program.
 *
 * @param users the users to check
 * @param records all records of the host; everything in them counts as declared
 */
export function findUnmanaged(
  host: Host,
  accounts: Accounts,
  users: ReadonlySet<string>,
  records: readonly HostRecord[],
): Unmanaged[] {
  if (users.size === 0) return [];
  const known = [...users].flatMap((name) => accounts.users.get(name) ?? []);
  const found = [
    ...crontabLines(host, users),
    ...strayUnits(host, users, declaredIn(records)),
    ...known.flatMap((account) => orNothing(() => unitsInHome(account)) ?? []),
    ...(orNothing(() => tmuxServers(known)) ?? []),
  ];
  const groups = Map.groupBy(found, ({ kind, user }) => `${UNMANAGED_KINDS.indexOf(kind)} ${user}`);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, same]) => shortened(same));
}

/** Returns the Linux users of agents and tenants in the records, without system accounts for SSH logins. */
export function usersIn(records: readonly HostRecord[]): Set<string> {
  const items = records.flatMap((record) => Object.values(record.items));
  return new Set(items.flatMap((item) => (item.kind === "user" && !item.system ? [item.name] : [])));
}

/** Returns the paths of declared files and the names of declared units. */
function declaredIn(records: readonly HostRecord[]): Set<string> {
  const items = records.flatMap((record) => Object.values(record.items));
  return new Set(
    items.flatMap((item) => {
      if (item.kind === "unit") return [item.name];
      return "path" in item ? [item.path] : [];
    }),
  );
}

/** Shortens a long list of one kind and user, so that it does not hide the other lists. */
function shortened(same: readonly Unmanaged[]): Unmanaged[] {
  const rest = same.length - MAX_NAMED;
  const first = same[0];
  if (rest <= 0 || first === undefined) return [...same];
  return [...same.slice(0, MAX_NAMED), { ...first, name: `and ${rest} more`, where: "" }];
}
