import type { AgentSpec, Fleet } from "../config/fleet.ts";
import { STATE_DIR, UNIT_DIR } from "../model/host-paths.ts";
import type { ProgramItem } from "../model/items.ts";
import type { SandboxException } from "../model/sandbox-exceptions.ts";
import { quote, type UnitLine } from "../model/unit-file.ts";
import { credentialsDir } from "./agent/credentials.ts";

/**
 * Returns the sandbox of an agent's unit, as lines of the [Service] section. Each key occurs once, and its value
 * depends only on data that the platform's stack knows, because a tenant's gate requires exactly these lines.
 *
 * The following settings are omitted on purpose. MemoryDenyWriteExecute= would break just-in-time compilers, such as
 * the compiler in Node. ProtectKernelTunables= takes a fifth of the start time, and protects /proc/sys and /sys only
 * from users that cannot write to them anyway (docs/adr/0037). PrivateNetwork= and IPAddressDeny= would separate agents
 * from their providers. ProcSubset=pid would hide /proc/meminfo and /proc/cpuinfo, which build tools and runtimes need.
 * RestrictSUIDSGID= would disable openat2(2), because systemd cannot check the flags of this call. Without openat2(2),
 * OpenClaw cannot lock its files. A setuid file of an agent is harmless: the agent has no privileges that the file
 * could give, and other agents cannot see its home and its /tmp.
 */
export function hardening(fleet: Fleet, agent: AgentSpec): UnitLine[] {
  const may = (one: SandboxException) => agent.allow.includes(one);
  return [...RIGHTS, ...files(fleet, agent, may("writes")), ...restrictions(may)];
}

/**
 * Returns the sandbox of a host's job. The job can read all files that its user can read. If systemd creates
 * a user for each run, the job cannot read the homes of users.
 */
export function hostJobHardening(hasOwnUser: boolean): UnitLine[] {
  return [
    ...RIGHTS,
    ["RestrictSUIDSGID", "yes"],
    ["ProtectSystem", hasOwnUser ? "strict" : "full"],
    ...unless(!hasOwnUser, ["ProtectHome", "yes"]),
    ["TemporaryFileSystem", `${STATE_DIR}:ro`],
    ["ProtectKernelTunables", "yes"],
    ...restrictions(() => false),
  ];
}

const RIGHTS: readonly UnitLine[] = [
  ["UMask", "0077"],
  ["NoNewPrivileges", "yes"],
  ["CapabilityBoundingSet", ""],
  ["RemoveIPC", "yes"],
];

/** The system calls with which a program restricts itself. These calls can only remove privileges. */
const SELF_RESTRICTION = [
  "landlock_add_rule",
  "landlock_create_ruleset",
  "landlock_restrict_self",
  "seccomp",
];

function restrictions(may: (one: SandboxException) => boolean): UnitLine[] {
  return [
    ["InaccessiblePaths", `-${UNIT_DIR}${may("bus") ? "" : " -/run/dbus"}`],
    ["PrivateTmp", "yes"],
    ["PrivateMounts", "yes"],
    ...unless(may("devices"), ["PrivateDevices", "yes"]),
    ...unless(may("processes"), ["ProtectProc", "invisible"]),
    ["ProtectClock", "yes"],
    ["ProtectControlGroups", "yes"],
    ["ProtectHostname", "yes"],
    ["ProtectKernelLogs", "yes"],
    ["ProtectKernelModules", "yes"],
    ["LockPersonality", "yes"],
    ["RestrictRealtime", "yes"],
    ...unless(may("namespaces"), ["RestrictNamespaces", "yes"]),
    ...unless(may("sockets"), ["RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK"]),
    ["SystemCallArchitectures", "native"],
    ["SystemCallFilter", systemCalls(may)],
    // A forbidden system call returns this error. By default, the call would kill the program.
    ["SystemCallErrorNumber", "EPERM"],
  ];
}

function unless(allowed: boolean, line: UnitLine): UnitLine[] {
  return allowed ? [] : [line];
}

/**
 * Returns the lines that limit which files an agent can use. The agent sees only its own home and, in Muster's folder,
 * only its own secrets. However, agents that share a user see each other's homes. The folder of the secrets is
 * optional, because the first credential can be added later.
 */
function files(fleet: Fleet, agent: AgentSpec, writes: boolean): UnitLine[] {
  const { home, workdir } = agent;
  const isShared = sharesHomes(fleet, agent);
  const isElsewhere = !isWithin(home, workdir);
  const isHidden = isElsewhere && hiddenFolders(fleet, agent).some((folder) => isWithin(folder, workdir));
  const bound = [...(isShared ? [] : [home]), ...(isHidden ? [`-${workdir}`] : [])];
  const writable = [...(isShared ? ["-/home"] : []), ...(isElsewhere && !isHidden ? [`-${workdir}`] : [])];
  return [
    ["ProtectSystem", writes ? "full" : "strict"],
    ...unless(isShared, ["ProtectHome", "tmpfs"]),
    ...unless(bound.length === 0, ["BindPaths", bound.map(word).join(" ")]),
    ...unless(writable.length === 0, ["ReadWritePaths", writable.map(word).join(" ")]),
    ["TemporaryFileSystem", `${STATE_DIR}:ro`],
    ["BindReadOnlyPaths", `-${credentialsDir(agent)}`],
  ];
}

/** Returns the fields of a program item that describe which folders the program's unit can see. */
export function programView(
  fleet: Fleet,
  agent: AgentSpec,
  [, argument = ""]: readonly string[],
): Pick<ProgramItem, "home" | "argument" | "hidden"> {
  return {
    home: agent.home,
    ...(argument.startsWith("/") && { argument }),
    hidden: hiddenFolders(fleet, agent).join(":"),
  };
}

/**
 * Returns the folders on the host that an agent's unit cannot see. The home and the working directory in these folders
 * are visible.
 */
function hiddenFolders(fleet: Fleet, agent: AgentSpec): string[] {
  const temporary = ["/tmp", "/var/tmp"];
  return sharesHomes(fleet, agent) ? temporary : ["/home", "/root", "/run/user", ...temporary];
}

function sharesHomes(fleet: Fleet, { tenant }: AgentSpec): boolean {
  return fleet.tenants[tenant]?.isolation === "tenant";
}

function isWithin(folder: string, path: string): boolean {
  return `${path}/`.startsWith(`${folder}/`);
}

function word(path: string): string {
  return /^[\w/.-]+$/.test(path) ? path : quote(path);
}

/** Returns the allowed system calls as the names of sets. systemd.exec(5) describes these sets. */
function systemCalls(may: (one: SandboxException) => boolean): string {
  return [
    "@system-service",
    ...SELF_RESTRICTION,
    ...(may("debug") ? ["@debug"] : []),
    ...(may("namespaces") ? ["@mount"] : []),
  ].join(" ");
}
