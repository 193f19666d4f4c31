import type { ScannedHost, ScannedProcess, Terminal } from "./scanned-host.ts";
import { isOfMuster, isOfPackage, isPersonal, ownServices } from "./unit-origin.ts";

/** The owner of a process, such as a service or a session. `pid` is the owner's first process. */
export type Owner =
  | { readonly kind: "service"; readonly unit: string }
  | { readonly kind: "user service"; readonly user: string; readonly unit: string }
  | { readonly kind: "terminal"; readonly terminal: Terminal; readonly unit: string | undefined }
  | { readonly kind: "login" | "stray"; readonly pid: number }
  | { readonly kind: "scope"; readonly name: string };

/** The processes of one owner. */
export interface Living {
  readonly owner: Owner;
  readonly user: string;
  /** The names of the programs, without duplicates. */
  readonly programs: readonly string[];
}

/** Programs that accept logins. Their child processes end with the login. */
const LOGIN = /^(sshd|sshd-session|login)$/;
/** System services that run programs for people: logins without a session, and jobs. */
const SHARED = /^(ssh|sshd|cron|crond|atd|anacron)(@.*)?\.service$/;

/**
 * Finds the processes on a host, and groups them by their owner. Omits the services of packages, the jobs of crontabs,
 * Muster's own units, the systemd of each user, and this session.
 */
export function livingOn(host: ScannedHost): Living[] {
  const table = new Map(host.processes.map((process) => [process.pid, process]));
  const own = lineageOf(host.self, table).at(-2)?.pid ?? host.self;
  const owned = host.processes.flatMap((process) => {
    const lineage = lineageOf(process.pid, table);
    if (process.pid === 1 || lineage.some(({ pid }) => pid === own || pid === 2)) return [];
    const owner = ownerOf(process, lineage, host);
    return owner === undefined ? [] : [{ owner, process }];
  });
  const groups = Map.groupBy(owned, ({ owner }) => JSON.stringify(owner));
  return [...groups.values()].flatMap((group) => livingOf(group, host));
}

/** Returns the process and its ancestors, without process 1. */
function lineageOf(pid: number, table: ReadonlyMap<number, ScannedProcess>): ScannedProcess[] {
  const lineage: ScannedProcess[] = [];
  let process = table.get(pid);
  while (process !== undefined && process.pid > 1 && !lineage.includes(process)) {
    lineage.push(process);
    process = table.get(process.parent);
  }
  return lineage;
}

function livingOf(
  group: readonly { readonly owner: Owner; readonly process: ScannedProcess }[],
  host: ScannedHost,
) {
  const [first] = group;
  if (first === undefined) return [];
  const top = group.find(({ process }) => "pid" in first.owner && process.pid === first.owner.pid) ?? first;
  const programs = [...new Set([top, ...group].map(({ process }) => process.program))];
  const people = group.find(({ process }) => process.uid !== 0)?.process ?? first.process;
  const { uid } = first.owner.kind === "login" ? people : top.process;
  return [{ owner: first.owner, user: userName(uid, host), programs }];
}

function userName(uid: number, { accounts }: ScannedHost): string {
  return accounts.find((account) => account.uid === uid)?.name ?? `${uid}`;
}

function ownerOf(
  process: ScannedProcess,
  lineage: readonly ScannedProcess[],
  host: ScannedHost,
): Owner | undefined {
  const { unit, inner, manager } = placeOf(process.group);
  if (unit !== undefined && isOfMuster(unit)) return undefined;
  const server = lineage.find(({ program }) => program.startsWith("tmux: server"));
  if (server !== undefined) return terminalOf(server, host);
  if (manager !== undefined) return ofUserManager(manager, inner, process, lineage, host);
  if (unit?.endsWith(".service")) return ofService(unit, process, lineage, host);
  if (unit === "init.scope") return undefined;
  if (unit === undefined || unit.startsWith("session-")) return ofLogin(process, lineage);
  return { kind: "scope", name: unit };
}

/**
 * Reads the unit from the path of a cgroup. The path contains slices, then the unit, and then cgroups that the unit has
 * created. The systemd of a user is itself a unit with its own slices and units.
 */
function placeOf(group: string) {
  const names = group.split("/").filter((name) => name !== "" && !name.endsWith(".slice"));
  const [unit, inner] = names;
  const manager = /^user@(\d+)\.service$/.exec(unit ?? "")?.[1];
  return { unit, inner, manager: manager === undefined ? undefined : Number(manager) };
}

function terminalOf(server: ScannedProcess, { terminals }: ScannedHost): Owner {
  const terminal = terminals.find(({ pid }) => pid === server.pid) ?? {
    pid: server.pid,
    socket: "",
    user: "",
    panes: [],
  };
  const { unit, manager, inner } = placeOf(server.group);
  const holder = manager === undefined ? unit : inner;
  return {
    kind: "terminal",
    terminal,
    unit: holder?.endsWith(".service") && !SHARED.test(holder) ? holder : undefined,
  };
}

function ofUserManager(
  uid: number,
  unit: string | undefined,
  process: ScannedProcess,
  lineage: readonly ScannedProcess[],
  host: ScannedHost,
): Owner | undefined {
  if (unit === undefined || unit === "init.scope") return undefined;
  const user = userName(uid, host);
  if (!unit.endsWith(".service")) return stray(process, lineage);
  const known = host.userUnits.find((one) => one.user === user && one.name === unit);
  return known && isOfPackage(known, host) ? undefined : { kind: "user service", user, unit };
}

/**
 * Returns the owner of a process in a service. The service of a package can contain processes of people, such as a
 * program that still runs after a login has ended.
 */
function ofService(
  unit: string,
  process: ScannedProcess,
  lineage: readonly ScannedProcess[],
  host: ScannedHost,
): Owner | undefined {
  if (!SHARED.test(unit)) {
    const known = host.units.find(({ name }) => name === unit);
    if (known === undefined || ownServices(host).some((own) => own.unit === unit))
      return { kind: "service", unit };
    return isPersonal(process.uid) ? stray(process, lineage) : undefined;
  }
  if (lineage.some(({ program }) => /^(cron|crond|atd)$/i.test(program))) return undefined;
  return LOGIN.test(process.program) ? undefined : ofLogin(process, lineage);
}

function ofLogin(process: ScannedProcess, lineage: readonly ScannedProcess[]): Owner | undefined {
  if (lineage.some(({ program }) => /^cron$/i.test(program))) return undefined;
  const login = lineage.findLast(({ program, group }) => LOGIN.test(program) && !isListener(group));
  if (login !== undefined) return { kind: "login", pid: login.pid };
  const below = lineage.findIndex(({ program }) => LOGIN.test(program));
  if (below > 0) return { kind: "login", pid: (lineage[below - 1] as ScannedProcess).pid };
  return stray(process, lineage);
}

function isListener(group: string): boolean {
  return SHARED.test(placeOf(group).unit ?? "");
}

/** Returns the owner of a process outside services and logins: the topmost ancestor with the same cgroup and user. */
function stray(process: ScannedProcess, lineage: readonly ScannedProcess[]): Owner {
  const top = lineage.findLast(({ group, uid }) => group === process.group && uid === process.uid);
  return { kind: "stray", pid: (top ?? process).pid };
}
