import type { AgentSpec, Fleet } from "../config/fleet.ts";
import { STATE_DIR, UNIT_DIR } from "../model/host-paths.ts";
import type { SandboxException } from "../model/sandbox-exceptions.ts";
import { quote, type UnitLine } from "../model/unit-file.ts";
import { credentialsDir } from "./agent/credentials.ts";

/**
 * Returns the sandbox of an agent's unit, as lines of its [Service] section. Each key occurs once, and its
 * value only depends on what the platform knows, because a tenant's gate requires exactly these lines. Left
 * out on purpose: MemoryDenyWriteExecute=, which breaks just-in-time compilers such as Node's;
 * ProtectKernelTunables=, which takes a fifth of the start time to protect /proc/sys and /sys from users that
 * cannot write there anyway (docs/adr/0037); PrivateNetwork= and IPAddressDeny=, because agents need their
 * providers; ProcSubset=pid, because build tools and runtimes need /proc/meminfo and /proc/cpuinfo.
 */
export function hardening(fleet: Fleet, agent: AgentSpec): UnitLine[] {
  const may = (one: SandboxException) => agent.allow.includes(one);
  return [...RIGHTS, ...files(fleet, agent, may("writes")), ...restrictions(may)];
}

/** Returns the sandbox of a host's job. The job can read what its user can read, except homes. */
export function hostJobHardening(hasOwnUser: boolean): UnitLine[] {
  return [
    ...RIGHTS,
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
  ["RestrictSUIDSGID", "yes"],
  ["RemoveIPC", "yes"],
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
    // A forbidden system call returns an error, instead of killing the program.
    ["SystemCallErrorNumber", "EPERM"],
  ];
}

function unless(allowed: boolean, line: UnitLine): UnitLine[] {
  return allowed ? [] : [line];
}

/**
 * Returns the lines that limit which files an agent can use. The agent sees no home but its own, and in
 * Muster's folder only its own secrets. Agents that share a user see each other's homes. The folder of
 * secrets may be missing, because the first credential can be added later.
 */
function files(fleet: Fleet, agent: AgentSpec, writes: boolean): UnitLine[] {
  const { tenant, home, workdir } = agent;
  const isShared = fleet.tenants[tenant]?.isolation === "tenant";
  const isElsewhere = !`${workdir}/`.startsWith(`${home}/`);
  const writable = [...(isShared ? ["-/home"] : []), ...(isElsewhere ? [`-${workdir}`] : [])];
  return [
    ["ProtectSystem", writes ? "full" : "strict"],
    ...unless(isShared, ["ProtectHome", "tmpfs"]),
    ...unless(isShared, ["BindPaths", home]),
    ...unless(writable.length === 0, ["ReadWritePaths", writable.map(word).join(" ")]),
    ["TemporaryFileSystem", `${STATE_DIR}:ro`],
    ["BindReadOnlyPaths", `-${credentialsDir(agent)}`],
  ];
}

function word(path: string): string {
  return /^[\w/.-]+$/.test(path) ? path : quote(path);
}

/** Returns the allowed system calls as sets, which systemd.exec(5) describes. */
function systemCalls(may: (one: SandboxException) => boolean): string {
  return [
    "@system-service",
    ...(may("debug") ? ["@debug"] : []),
    ...(may("namespaces") ? ["@mount"] : []),
  ].join(" ");
}
