import { posix } from "node:path";
import { mergedPath } from "./parse-scan.ts";
import { type Living, livingOn } from "./running-processes.ts";
import type { ScannedHost, ScannedUnit, Terminal } from "./scanned-host.ts";
import { isOfMuster, isOfPackage, isPersonal, ownServices } from "./unit-origin.ts";

const WAY = "Let a service start it, then import again";

/**
 * Lists running and scheduled programs of a host that are neither services nor tmux sessions. Lists each program once,
 * with the reason why the program is not declared.
 */
export function leftovers(host: ScannedHost): string[] {
  return [
    ...userServices(host),
    ...livingOn(host).flatMap((living) => livingSentences(living, host)),
    ...waitingUnits(host),
    ...schedules(host),
    ...idleUsers(host),
  ];
}

function livingSentences({ owner, user, programs }: Living, host: ScannedHost): string[] {
  const [program] = programs;
  switch (owner.kind) {
    case "terminal":
      return unreadServer(owner.terminal, user, owner.unit);
    case "login":
      return [`a login of ${user} is open, with ${programs.join(", ")}: these programs end with the login`];
    case "stray":
      return [
        `${program} of ${user} (process ${owner.pid})${withOthers(programs)}: no service started it, so it is not known how to start it again. ${WAY}`,
      ];
    case "scope":
      return [
        `${program} of ${user} in ${owner.name}${withOthers(programs)}: it is not a service, but a container or a scope. ${WAY}`,
      ];
    case "service":
      return ownServices(host).some(({ unit }) => unit === owner.unit) ||
        host.units.some(({ name }) => name === owner.unit)
        ? []
        : [`${owner.unit} of ${user}: it runs, but systemd no longer has its unit file`];
    case "user service":
      return host.userUnits.some((unit) => unit.user === owner.user && unit.name === owner.unit)
        ? []
        : [`${owner.unit} of user ${owner.user} (systemd --user): ${WAY}`];
  }
}

function withOthers([, ...others]: readonly string[]): string {
  return others.length === 0 ? "" : `, with ${others.join(", ")}`;
}

/**
 * Returns a sentence about a tmux server whose sessions could not be read. Sessions that could be read are handled like
 * services.
 */
function unreadServer({ pid, socket, panes }: Terminal, user: string, unit: string | undefined): string[] {
  if (panes.length > 0) return [];
  const held = unit === undefined ? "no service started it" : `${unit} keeps its tmux server running`;
  const where = socket === "" ? `(process ${pid})` : `on ${socket}`;
  return [`a tmux server of ${user} ${where}: ${held}, and its sessions could not be read`];
}

/** Lists the units of each user's own systemd: loaded units, and unit files that are not loaded. */
function userServices(host: ScannedHost): string[] {
  const loaded = host.userUnits.filter(
    (unit) =>
      unit.isLoaded &&
      !isOfPackage(unit, host) &&
      (unit.active || unit.enabled) &&
      !host.userServices.some((one) => one.user === unit.user && one.unit === unit.name),
  );
  const known = new Set(host.userUnits.map(({ path }) => path));
  const files = host.userUnitFiles.filter(
    ({ path }) => !known.has(path) && !host.packaged.has(mergedPath(path)),
  );
  return [
    ...loaded.map(
      (unit) =>
        `${unit.name} of user ${unit.user} (systemd --user, ${unit.active ? "running" : "not running"}${startsWhat(unit)}): ` +
        `${unit.name.endsWith(".timer") ? "docs/jobs.md describes how a job is declared" : WAY}`,
    ),
    ...files.map(
      ({ user, path }) =>
        `${posix.basename(path)} of ${user === "" ? "all users" : `user ${user}`} (systemd --user, not loaded): ${path} is a unit file that does not run now`,
    ),
  ];
}

function startsWhat({ name, triggers }: ScannedUnit): string {
  const started = triggers.filter((one) => one !== "" && one !== name);
  return started.length === 0 ? "" : `; starts ${started.join(", ")}`;
}

/**
 * Lists the timers, sockets and paths that start programs later. If a timer starts a service that a person has set up,
 * both are listed together.
 */
function waitingUnits(host: ScannedHost): string[] {
  const own = new Set(ownServices(host).map(({ unit }) => unit));
  const waiting = host.units.filter(
    (unit) =>
      /\.(timer|socket|path)$/.test(unit.name) &&
      !unit.triggers.some((one) => own.has(one)) &&
      unit.isLoaded &&
      !isOfMuster(unit.name) &&
      !isOfPackage(unit, host),
  );
  return waiting.map((unit) => {
    const kind = unit.name.slice(unit.name.lastIndexOf(".") + 1);
    const next = kind === "timer" ? ". docs/jobs.md describes how a job is declared" : "";
    return `the ${kind} ${unit.name}${startsWhat(unit).replace(";", ", which")}${next}`;
  });
}

/** Lists the programs that cron and at(1) start, except the programs in the files of packages. */
function schedules(host: ScannedHost): string[] {
  const own = host.schedules.filter(
    ({ path, lines, ofFolders }) => !host.packaged.has(path) && lines > ofFolders,
  );
  return [
    ...own.map(({ path, lines }) =>
      isCrontab(path)
        ? `the crontab of ${posix.basename(path)}, with ${counted(lines, "job")}. docs/jobs.md describes how a job is declared`
        : `${path}, with ${counted(lines, "line")} for programs. docs/jobs.md describes how a job is declared`,
    ),
    ...[...new Set(host.pending)].map((user) => `jobs of at(1) of ${user}`),
  ];
}

/** Whether a schedule is the crontab of one user. Such a crontab has the user's name. */
function isCrontab(path: string): boolean {
  return path.startsWith("/var/spool/cron/");
}

function counted(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}

/** Lists the users that have no running or scheduled programs. */
function idleUsers(host: ScannedHost): string[] {
  const busy = new Set([
    ...ownServices(host).map(({ user }) => user),
    ...host.userUnits.filter((unit) => !isOfPackage(unit, host)).map(({ user }) => user),
    ...host.userUnitFiles.map(({ user }) => user),
    ...livingOn(host).map(({ user }) => user),
    ...host.schedules.flatMap(({ path }) => (isCrontab(path) ? [posix.basename(path)] : [])),
    ...host.pending,
    ...host.records.flatMap(({ users }) => users),
  ]);
  const idle = host.accounts.filter(({ name, uid }) => isPersonal(uid) && !busy.has(name));
  return idle.map(({ name }) => `user ${name}: no service runs as it, so it is not an agent`);
}
