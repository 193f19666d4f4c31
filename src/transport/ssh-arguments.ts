import type { Target } from "./target.ts";

/**
 * Returns the arguments with which `ssh` connects to a host and accepts only the pinned keys of the host. The
 * destination comes last, so callers can put more flags before the arguments, and a remote command after the arguments.
 *
 * @param knownHostsFile the only file from which keys are accepted
 */
export function sshArguments(target: Target, knownHostsFile: string): string[] {
  const options = [...strict(knownHostsFile, "yes"), ...reach(target)];
  return [...asFlags(options), "--", destination(target)];
}

/** How a program connects to a host. */
export interface ChannelOptions {
  /** The only file from which host keys are accepted. */
  readonly knownHostsFile: string;
  /** Whether to accept the key of a host without a pinned key, and to write this key to `knownHostsFile`. */
  readonly learn: boolean;
  /** The connection that is shared with other commands. If absent, the connection is not shared. */
  readonly shared?: Sharing | undefined;
  readonly remoteCommand: string;
}

/** A connection that stays open for the next commands. */
export interface Sharing {
  /** The path of the socket through which ssh reaches the open connection. */
  readonly socket: string;
  /** The number of seconds for which the connection stays open after its last use. */
  readonly seconds: number;
}

/**
 * Returns the arguments for a connection that a program uses. Such a connection has no prompts, no terminal and no
 * forwarding. The user's own settings for shared connections do not apply.
 */
export function channelArguments(target: Target, channel: ChannelOptions): string[] {
  const options = [
    ...strict(channel.knownHostsFile, channel.learn ? "accept-new" : "yes"),
    ...reach(target),
    "BatchMode=yes",
    ...aliveChecks(target.connectTimeout),
    ...sharing(channel.shared),
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "LogLevel=ERROR",
  ];
  return ["-T", "-a", "-x", ...asFlags(options), "--", destination(target), channel.remoteCommand];
}

/** Returns the options for a shared connection. The first command opens the connection, and later commands use it. */
function sharing(shared: Sharing | undefined): string[] {
  if (shared === undefined) return ["ControlMaster=no", "ControlPath=none"];
  return ["ControlMaster=auto", `ControlPath=${quoted(shared.socket)}`, `ControlPersist=${shared.seconds}`];
}

/**
 * Returns the options with which ssh ends a connection after two unanswered keepalive messages, which is after about
 * `seconds` seconds without any data.
 */
function aliveChecks(seconds: number): string[] {
  return [`ServerAliveInterval=${Math.ceil(seconds / 3)}`, "ServerAliveCountMax=2"];
}

function strict(knownHostsFile: string, checking: "yes" | "accept-new"): string[] {
  return [
    `StrictHostKeyChecking=${checking}`,
    `UserKnownHostsFile=${quoted(knownHostsFile)}`,
    "GlobalKnownHostsFile=/dev/null",
    "HashKnownHosts=no",
    "CheckHostIP=no",
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
  ];
}

function reach(target: Target): string[] {
  const port = target.port === undefined ? [] : [`Port=${target.port}`];
  // Without IdentitiesOnly, an SSH agent with many other keys can exhaust the number of attempts that the server
  // allows.
  const identity =
    target.identityFile === undefined
      ? []
      : [`IdentityFile=${quoted(target.identityFile)}`, "IdentitiesOnly=yes"];
  return [`HostKeyAlias=${target.name}`, `ConnectTimeout=${target.connectTimeout}`, ...port, ...identity];
}

/** Returns the destination argument of ssh for a host. */
export function destination(target: Target): string {
  return target.user === undefined ? target.address : `${target.user}@${target.address}`;
}

/** Quotes a path for ssh_config(5), where spaces separate arguments and `%` starts a token. */
function quoted(path: string): string {
  return `"${path.replaceAll("%", "%%")}"`;
}

function asFlags(options: readonly string[]): string[] {
  return options.flatMap((option) => ["-o", option]);
}
