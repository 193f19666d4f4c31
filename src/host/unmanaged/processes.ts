import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { shown } from "../../model/shorten-for-display.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Account } from "../accounts/read-accounts.ts";
import { orNothing } from "../system/read-or-nothing.ts";

/** A process of a managed user that runs outside the declared units. */
interface Stray {
  readonly pid: string;
  readonly parent: string;
  readonly user: string;
  readonly comm: string;
  readonly group: string;
  readonly unit: RunningUnit | undefined;
}

/** The unit that started a process: a unit of the system, or of the user's own systemd instance. */
interface RunningUnit {
  readonly name: string;
  readonly isUsers: boolean;
}

/** Returns whether a system unit runs as a managed user, and the path of its file. */
export type UnitFinder = (unit: string) => { readonly user?: string; readonly where: string } | undefined;

/** The name that tmux gives its server processes; see proc_pid_comm(5). */
const TMUX_SERVER = "tmux: server";

/** Muster's own units. Processes that an agent starts within its unit are not reported. */
const MUSTER_UNIT = /^muster-(agent|job|watch)-.+\.service$/;

/** The folder of the user units that packages contain. */
const PACKAGED = "/usr/lib/systemd/user";

/**
 * Finds the units and processes of managed users that no resource declares. Each unit is reported once. In a session or
 * in another user's unit, a process is reported if the parent of the process is not reported.
 *
 * @param declared the names of the declared units
 * @param proc the folder of proc(5)
 */
export function strayProcesses(
  accounts: readonly Account[],
  declared: ReadonlySet<string>,
  findUnit: UnitFinder,
  proc = "/proc",
): Unmanaged[] {
  const users = new Map(accounts.map(({ uid, name }) => [uid, name]));
  const here = orNothing(() => readlinkSync(`${proc}/self/ns/pid`));
  const all = readdirSync(proc)
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => orNothing(() => strayAt(proc, pid, users, here)) ?? [])
    .filter(({ unit }) => unit === undefined || !isExpected(unit, declared));
  const places = new Set(all.map(({ pid, group }) => `${pid} ${group}`));
  const found = all.flatMap((one): Unmanaged[] => {
    const unit = unitEntry(one, findUnit);
    if (unit !== undefined) return [unit];
    return places.has(`${one.parent} ${one.group}`) ? [] : [processEntry(one)];
  });
  return [...new Map(found.map((one) => [`${one.kind} ${one.user} ${one.name}`, one])).values()];
}

/**
 * Reads a process; undefined if its user is not managed. A process in a container is skipped, because the same
 * uid can belong to another user there. A process of root that acts as a managed user for a moment is skipped too,
 * because this is another session of Muster.
 */
function strayAt(
  proc: string,
  pid: string,
  users: ReadonlyMap<number, string>,
  here: string | undefined,
): Stray | undefined {
  const status = readFileSync(`${proc}/${pid}/status`, "utf8");
  const [, real, effective] = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status) ?? [];
  const user = users.get(Number(real)) ?? (real === "0" ? undefined : users.get(Number(effective)));
  if (user === undefined || readlinkSync(`${proc}/${pid}/ns/pid`) !== here) return undefined;
  const group = groupOf(readFileSync(`${proc}/${pid}/cgroup`, "utf8"));
  return {
    ...{ pid, user, group, unit: unitOf(group) },
    parent: /^PPid:\s+(\d+)/m.exec(status)?.[1] ?? "",
    comm: readFileSync(`${proc}/${pid}/comm`, "utf8").trimEnd(),
  };
}

/**
 * Returns the cgroup in which systemd has put a process: in the v2 hierarchy, or
 * in systemd's own v1 hierarchy.
 */
function groupOf(text: string): string {
  const rows = text.split("\n").map((line) => line.split(":"));
  const own = rows.find(([, of, path]) => of === "name=systemd" || (of === "" && path !== "/")) ?? rows[0];
  return own?.slice(2).join(":") ?? "";
}

/** Returns the unit of a cgroup; undefined for a session. A unit can have its own cgroups below its cgroup. */
function unitOf(group: string): RunningUnit | undefined {
  const [system = "", ...own] = group.split(/\/user@\d+\.service(?=\/|$)/);
  const name = (own.at(-1) ?? system)
    .split("/")
    .find((part) => part.endsWith(".service") || part === "init.scope");
  return name === undefined ? undefined : { name, isUsers: own.length > 0 };
}

/**
 * Whether a unit is declared, is the user's own systemd instance, or is a unit of this instance that a package
 * installed.
 */
function isExpected({ name, isUsers }: RunningUnit, declared: ReadonlySet<string>): boolean {
  if (!isUsers) return declared.has(name) || MUSTER_UNIT.test(name);
  return name === "init.scope" || existsSync(`${PACKAGED}/${name}`);
}

function unitEntry({ unit, user, group }: Stray, findUnit: UnitFinder): Unmanaged | undefined {
  if (unit === undefined) return undefined;
  const name = shown(unit.name);
  if (unit.isUsers) return { kind: "user service", user, name, where: shown(group) };
  const found = findUnit(unit.name);
  return found?.user === undefined
    ? undefined
    : { kind: "service", user, name, where: shown(found.where || group) };
}

function processEntry({ pid, comm, user, group }: Stray): Unmanaged {
  if (comm === TMUX_SERVER) return { kind: "tmux", user, name: `process ${pid}`, where: shown(group) };
  return { kind: "process", user, name: shown(`process ${pid} (${comm})`), where: shown(group) };
}
