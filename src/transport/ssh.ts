import type { Target } from "./target.ts";

/**
 * The arguments with which the system's `ssh` reaches a host and accepts its pinned key alone. They end
 * with the destination: flags go before them, the remote command after.
 *
 * @param knownHostsFile the only file whose keys count
 */
export function sshArguments(target: Target, knownHostsFile: string): string[] {
  const options = [...strict(knownHostsFile, "yes"), ...reach(target)];
  return [...asFlags(options), "--", destination(target)];
}

/**
 * The arguments for a connection that a program speaks over: no prompt, no terminal, no forwarding, one
 * connection of its own.
 *
 * @param learn accept the key of a host that was never met, and write it to `knownHostsFile`
 */
export function channelArguments(
  target: Target,
  knownHostsFile: string,
  learn: boolean,
  remoteCommand: string,
): string[] {
  const options = [
    ...strict(knownHostsFile, learn ? "accept-new" : "yes"),
    ...reach(target),
    "BatchMode=yes",
    ...aliveChecks(target.connectTimeout),
    "ControlMaster=no",
    "ControlPath=none",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "LogLevel=ERROR",
  ];
  return ["-T", "-a", "-x", ...asFlags(options), "--", destination(target), remoteCommand];
}

/** A connection that falls silent for about as long as a new one may take counts as cut: ssh asks, and asks again. */
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
  // Without IdentitiesOnly, an agent full of other keys uses up the server's number of attempts.
  const identity =
    target.identityFile === undefined
      ? []
      : [`IdentityFile=${quoted(target.identityFile)}`, "IdentitiesOnly=yes"];
  return [`HostKeyAlias=${target.name}`, `ConnectTimeout=${target.connectTimeout}`, ...port, ...identity];
}

function destination(target: Target): string {
  return target.user === undefined ? target.address : `${target.user}@${target.address}`;
}

/** A path as ssh_config(5) reads it: blanks would part it, and `%` starts a token. */
function quoted(path: string): string {
  return `"${path.replaceAll("%", "%%")}"`;
}

function asFlags(options: readonly string[]): string[] {
  return options.flatMap((option) => ["-o", option]);
}
