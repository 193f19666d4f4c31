import { isWatcherUnit } from "../../model/host-paths.ts";
import { shown } from "../../model/shorten-for-display.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Accounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { switchedUser } from "./command.ts";
import { packagedUnitReader, type ReadPackagedUnit } from "./packaged-unit.ts";
import type { UnitFinder } from "./processes.ts";

/** A unit as systemd has loaded it, with its drop-ins. */
interface LoadedUnit {
  readonly name: string;
  /** The managed user that the unit runs as or switches to. */
  readonly user: string | undefined;
  readonly where: string;
  readonly triggers: readonly string[];
  /** Whether the unit is active, or starts at the next boot. */
  readonly isOn: boolean;
}

const PROPERTIES = [
  ...["Id", "User", "FragmentPath", "UnitFileState", "ActiveState", "TriggeredBy"],
  ...["ExecStartPre", "ExecStart", "ExecStartPost"],
];

/** The user's own systemd instance, which runs while the user is logged in or lingers. */
const USER_MANAGER = /^user(-runtime-dir)?@\d+\.service$/;

/**
 * Reads the loaded services that can run as a managed user, and the timers and paths that start them. The user of a
 * loaded unit can also come from a drop-in or a template, or be a number.
 *
 * @param declared the names of the declared units, which are left out
 */
export function loadedUnits(
  host: Host,
  accounts: Accounts,
  users: ReadonlySet<string>,
  declared: ReadonlySet<string>,
  readPackaged: ReadPackagedUnit = packagedUnitReader(),
): LoadedUnit[] {
  const isNamed = userMatcher(accounts, users);
  const services = loadedServices(host).filter((name) => {
    if (declared.has(name) || USER_MANAGER.test(name)) return false;
    const text = readPackaged(name);
    return text === undefined || isNamed(name, text);
  });
  const loaded = showUnits(host, services, accounts, users);
  const triggers = loaded.flatMap((unit) => (unit.user === undefined ? [] : unit.triggers));
  return [...loaded, ...showUnits(host, [...new Set(triggers)], accounts, users)];
}

function loadedServices(host: Host): string[] {
  const words = ["list-units", "--all", "--full", "--plain", "--no-legend", "--no-pager", "--", "*.service"];
  const rows = host
    .run("systemctl", words)
    .stdout.split("\n")
    .map((line) => line.split(/\s+/));
  return rows.flatMap(([name = "", load]) => (load === "loaded" ? [name] : []));
}

/** Returns a function that checks whether the name or the text of a unit contains a managed user or its number. */
function userMatcher(
  accounts: Accounts,
  users: ReadonlySet<string>,
): (unit: string, text: string) => boolean {
  const names = [...users].flatMap((name) => [name, String(accounts.users.get(name)?.uid ?? name)]);
  const words = new Set(names);
  return (unit, text) => {
    const [, instance = ""] = /@(.*)\.service$/.exec(unit) ?? [];
    return (
      words.has(instance.replaceAll("\\x2d", "-")) || text.split(/[^\w.$-]+/).some((word) => words.has(word))
    );
  };
}

function showUnits(
  host: Host,
  units: readonly string[],
  accounts: Accounts,
  users: ReadonlySet<string>,
): LoadedUnit[] {
  if (units.length === 0) return [];
  const words = ["show", "--all", "--property", PROPERTIES.join(","), "--", ...units];
  const { stdout } = host.run("systemctl", words);
  return stdout.split("\n\n").flatMap((block) => {
    const lines = block.split("\n").map((line) => [line.split("=")[0] ?? "", line] as const);
    const of = (key: string) =>
      lines.flatMap(([name, line]) => (name === key ? [line.slice(key.length + 1)] : []));
    const [name = ""] = of("Id");
    const [state = ""] = of("ActiveState");
    const [file = ""] = of("UnitFileState");
    const commands = ["ExecStartPre", "ExecStart", "ExecStartPost"].flatMap(of);
    const user = userOf(of("User")[0] ?? "", commands, accounts, users);
    const isOn = !["", "inactive", "failed"].includes(state) || file.startsWith("enabled");
    const [where = ""] = of("FragmentPath");
    const triggers = (of("TriggeredBy")[0] ?? "").split(" ").filter((one) => /\.(timer|path)$/.test(one));
    return name === "" ? [] : [{ name, user, where, triggers, isOn }];
  });
}

function userOf(
  name: string,
  commands: readonly string[],
  accounts: Accounts,
  users: ReadonlySet<string>,
): string | undefined {
  const user = /^\d+$/.test(name) ? accounts.userName(Number(name)) : name;
  if (users.has(user)) return user;
  return commands.flatMap((command) => switchedUser(command, users) ?? [])[0];
}

/**
 * Finds services that run as a managed user or will do so. If timers or paths start such a service, only the timers and
 * paths are reported.
 *
 * @param declared the file paths and unit names that the host's records contain
 */
export function strayUnits(loaded: readonly LoadedUnit[], declared: ReadonlySet<string>): Unmanaged[] {
  const byName = new Map(loaded.map((unit) => [unit.name, unit]));
  const isUndeclared = ({ name, where }: LoadedUnit) =>
    !declared.has(name) && !declared.has(where) && !isWatcherUnit(name);
  return loaded.filter(isUndeclared).flatMap(({ user, ...service }): Unmanaged[] => {
    if (user === undefined || !service.name.endsWith(".service")) return [];
    const triggers = service.triggers
      .flatMap((one) => byName.get(one) ?? [])
      .filter((one) => one.isOn && isUndeclared(one));
    if (triggers.length > 0) return triggers.map((one) => entryOf(one, user));
    return service.isOn ? [entryOf({ ...service, user }, user)] : [];
  });
}

function entryOf({ name, where }: LoadedUnit, user: string): Unmanaged {
  const kind = name.endsWith(".timer") ? "timer" : name.endsWith(".path") ? "path" : "service";
  return { kind, user, name: shown(name), where: shown(where) };
}

/** Returns a function that finds a loaded unit that runs as a managed user. */
export function unitFinder(loaded: readonly LoadedUnit[]): UnitFinder {
  const byName = new Map(loaded.map((unit) => [unit.name, unit]));
  return (name) => {
    const unit = byName.get(name);
    return unit && { where: unit.where, ...(unit.user !== undefined && { user: unit.user }) };
  };
}
