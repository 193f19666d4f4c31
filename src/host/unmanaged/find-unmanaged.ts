import type { HostRecord } from "../../model/host-record.ts";
import { UNMANAGED_KINDS, type Unmanaged } from "../../model/unmanaged.ts";
import type { Accounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { orNothing } from "../system/read-or-nothing.ts";
import { atJobs } from "./at-jobs.ts";
import { crontabLines } from "./crontabs.ts";
import { sharedUserUnits, unitsInHome } from "./home-units.ts";
import { strayProcesses } from "./processes.ts";
import { loadedUnits, strayUnits, unitFinder } from "./stray-units.ts";

/** The maximum number of entries of one kind and user that are reported by name. */
const MAX_NAMED = 20;

/**
 * Finds undeclared programs that run or will run as a managed user. Finds running programs by the users' processes, and
 * waiting programs by crontabs, jobs of at(1), timers and paths.
 *
 * @param users the users to check
 * @param records all records of the host; all items in them count as declared
 * @param isComplete whether `users` are all users that Muster manages
 */
export function findUnmanaged(
  host: Host,
  accounts: Accounts,
  users: ReadonlySet<string>,
  records: readonly HostRecord[],
  isComplete: boolean,
): Unmanaged[] {
  const known = [...users].flatMap((name) => accounts.users.get(name) ?? []);
  const declared = declaredIn(records);
  const loaded = users.size === 0 ? [] : loadedUnits(host, accounts, users, declared);
  const found = [
    ...crontabLines(host, accounts, users, isComplete),
    ...atJobs(host, known),
    ...strayUnits(loaded, declared),
    ...known.flatMap((account) => sharedUserUnits(host, account)),
    ...known.flatMap((account) => orNothing(() => unitsInHome(account)) ?? []),
    ...(orNothing(() => strayProcesses(known, declared, unitFinder(loaded))) ?? []),
  ];
  const groups = Map.groupBy(distinct(found), ({ kind, user }) => `${UNMANAGED_KINDS.indexOf(kind)} ${user}`);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, same]) => shortened(same));
}

/** Omits duplicates, such as a unit that was found by its file and by its processes. */
function distinct(found: readonly Unmanaged[]): Unmanaged[] {
  const isUnit = ({ kind }: Unmanaged) => /(timer|path|service)$/.test(kind);
  const names = new Set<string>();
  return found.filter((one) => {
    const key = `${one.kind} ${one.user} ${one.name}`;
    const isNew = !isUnit(one) || !names.has(key);
    names.add(key);
    return isNew;
  });
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
      if (item.kind === "unit") return item.manager === undefined ? [item.name] : [];
      if (item.kind === "timer") return [item.name, item.service];
      return "path" in item ? [item.path] : [];
    }),
  );
}

/** Shortens a long list of entries of one kind and user, so that the list does not hide the other entries. */
function shortened(same: readonly Unmanaged[]): Unmanaged[] {
  const rest = same.length - MAX_NAMED;
  const first = same[0];
  if (rest <= 0 || first === undefined) return [...same];
  return [...same.slice(0, MAX_NAMED), { ...first, name: `and ${rest} more`, where: "" }];
}
