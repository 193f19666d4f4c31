import type { AgentSpec, Fleet } from "../config/fleet.ts";
import { STATE_DIR, UNIT_DIR } from "../model/host-paths.ts";
import type { SandboxException } from "../model/sandbox-exceptions.ts";
import { quote, type UnitLine } from "../model/unit-file.ts";
import { credentialsDir } from "./agent/credentials.ts";

/**
 * What a service of an agent is kept from, for its [Service]: each key once, its value a function of what the platform
 * knows, as a tenant's gate asks for these very lines. Left out knowingly: MemoryDenyWriteExecute=, with which no
 * just-in-time compiler runs, Node's among them; ProtectKernelTunables=, which takes a fifth of a start's time to
 * keep from /proc/sys and /sys who may write nothing there anyway (docs/adr/0037); PrivateNetwork= and IPAddressDeny=,
 * as agents need their providers; ProcSubset=pid, without whose /proc/meminfo and /proc/cpuinfo build tools and
 * runtimes miscount.
 */
export function hardening(fleet: Fleet, agent: AgentSpec): UnitLine[] {
  const may = (one: SandboxException) => agent.allow.includes(one);
  return [...RIGHTS, ...files(fleet, agent, may("writes")), ...walls(may)];
}

/** The same for a job of a host's, which has the files that its user may have: those of homes are none of its own. */
export function hostJobHardening(hasOwnUser: boolean): UnitLine[] {
  return [
    ...RIGHTS,
    ["ProtectSystem", hasOwnUser ? "strict" : "full"],
    ...unless(!hasOwnUser, ["ProtectHome", "yes"]),
    ["TemporaryFileSystem", `${STATE_DIR}:ro`],
    ["ProtectKernelTunables", "yes"],
    ...walls(() => false),
  ];
}

const RIGHTS: readonly UnitLine[] = [
  ["UMask", "0077"],
  ["NoNewPrivileges", "yes"],
  ["CapabilityBoundingSet", ""],
  ["RestrictSUIDSGID", "yes"],
  ["RemoveIPC", "yes"],
];

function walls(may: (one: SandboxException) => boolean): UnitLine[] {
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
    // A program that tries one is told so, and lives.
    ["SystemCallErrorNumber", "EPERM"],
  ];
}

function unless(allowed: boolean, line: UnitLine): UnitLine[] {
  return allowed ? [] : [line];
}

/**
 * Of what is in homes it sees its own alone, and of what is Muster's its own secrets. Agents that share a user share
 * all of their homes. A credential may come later, so that its folder may not be there yet.
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

/** systemd.exec(5) has the sets. */
function systemCalls(may: (one: SandboxException) => boolean): string {
  return [
    "@system-service",
    ...(may("debug") ? ["@debug"] : []),
    ...(may("namespaces") ? ["@mount"] : []),
  ].join(" ");
}
