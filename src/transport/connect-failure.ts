import type { Ending } from "./channel.ts";
import { HostError, type UnreachableReason } from "./host-error.ts";
import { plainLine } from "./plain-line.ts";
import type { Target } from "./target.ts";

/** A cause of a failed connection, and the test that finds this cause in the output of ssh. */
interface Sign {
  readonly seen: (stderr: string, target: Target) => boolean;
  readonly reason: UnreachableReason;
  readonly what: string;
  readonly next: (target: Target) => string;
}

const UNREACHABLE = "it cannot be reached";

/**
 * The causes that the messages of ssh itself show. The first match counts. A message about a key counts only if the
 * message names the target, because it could also concern a jump host.
 */
const SSH_SIGNS: readonly Sign[] = [
  {
    seen: (stderr) => /bad configuration option|Bad owner or permissions on/i.test(stderr),
    reason: "unreachable",
    what: "your own ssh_config is invalid, so ssh contacts no host",
    next: () => "Correct the line or the file permissions that ssh's error message names.",
  },
  {
    seen: (stderr, target) => target.keysFrom === "known_hosts" && isAboutKeyOf(target, stderr),
    reason: "key-changed",
    what: "the connection was rejected because its host key is not the one in your known_hosts",
    next: (target) =>
      `If the host was reinstalled, remove its old key with \`ssh-keygen -R ${knownAs(target)}\` and run the command ` +
      "again. If not, another machine might be answering at its address: find out which machine before you continue.",
  },
  {
    seen: (stderr) => /open failed: |stdio forwarding failed/.test(stderr),
    reason: "no-route",
    what: "the jump host in your ssh_config does not reach it",
    next: () => "Check its address and port, and the firewall between the jump host and the host.",
  },
  {
    seen: (stderr, target) => isFromProxy(stderr) && !isAboutKeyOf(target, stderr),
    reason: "unreachable",
    what: "the jump host or the ProxyCommand in your ssh_config did not connect",
    next: () => "Check that `ssh` logs in to the jump host without a prompt.",
  },
  {
    seen: (stderr, target) => target.hostKeys.length > 0 && isAboutKeyOf(target, stderr),
    reason: "key-changed",
    what: "the connection was rejected because its host key is not the pinned one",
    next: (target) =>
      `If the host was reinstalled, remove its keys from ${pinnedIn(target)} and run \`npx pulumi up\`. ` +
      "If not, another machine might be answering at its address: find out which machine before you continue.",
  },
  {
    seen: (stderr, target) => isAboutKeyOf(target, stderr),
    reason: "key-unknown",
    what: "the connection was rejected because no key is pinned for this host",
    next: () => "Run `npx pulumi up`, which pins the key on first contact.",
  },
  {
    seen: (stderr, target) => target.gate === true && /Permission denied \(/.test(stderr),
    reason: "authentication",
    what: "it does not accept this key",
    next: () =>
      "Run `npx pulumi up` for the stack that has the hosts. It authorizes the keys of tenants and readers.",
  },
  {
    seen: (stderr) => /Permission denied \(|Too many authentication failures/.test(stderr),
    reason: "authentication",
    what: "the login was refused",
    next: (target) => `Check that \`${manually(target)}\` logs in without a prompt.`,
  },
  sign(/Could not resolve hostname/, "name", "Check the address of the host in fleet.yaml."),
  sign(
    /Connection refused/,
    "refused",
    "Check that sshd runs on the host, and check its port in fleet.yaml.",
  ),
  sign(
    /No route to host|Network is unreachable/,
    "no-route",
    "Check the network between this machine and the host.",
  ),
  sign(
    /timed out|not responding/i,
    "timeout",
    "Check that it is up, and check the firewalls between this machine and the host.",
  ),
  sign(/^/, "unreachable", "Check that the host is up and that sshd runs on it."),
];

/** The causes that the messages of the remote command show. The first match counts. */
const REMOTE_SIGNS: readonly Sign[] = [
  {
    seen: (_stderr, target) => target.gate === true,
    reason: "no-answer",
    what: "its gate does not work",
    next: () => "Run `npx pulumi up` for the platform's stack, which repairs it.",
  },
  {
    seen: (stderr) => /\bsudo: /.test(stderr),
    reason: "sudo",
    what: "its login is not root and cannot become root",
    next: () => "Log in as root, or allow this user to run `sudo` without a password (NOPASSWD in sudoers).",
  },
  {
    seen: () => true,
    reason: "no-answer",
    what: "the login works, but the host runtime does not answer",
    next: (target) =>
      `If \`${manually(target)}\` opens a shell, run \`npx pulumi up\`, which reinstalls the runtime.`,
  },
];

const CANCELLED: Sign = {
  seen: () => true,
  reason: "cancelled",
  what: "the connection was cancelled",
  next: () => "The run was cancelled.",
};

/**
 * Returns the error for an ssh process that ended before the first answer of the host.
 *
 * @param noise the last lines that the login printed. If stderr is empty, these lines are the only hint.
 */
export function connectFailure(target: Target, ending: Ending, noise: string): HostError {
  const found = signOf(target, ending);
  return new HostError({
    host: target.name,
    reason: found.reason,
    what: found.what,
    why: `${whyOf(ending, noise)}.`,
    next: found.next(target),
  });
}

function signOf(target: Target, ending: Ending): Sign {
  if (ending.cancelled) return CANCELLED;
  const isFromSsh = ending.code === 255 || ending.code === null;
  const signs = isFromSsh ? SSH_SIGNS : REMOTE_SIGNS;
  return signs.find((one) => one.seen(ending.stderr, target)) as Sign;
}

/** Returns the reason why a connection ended, as one line without a full stop. */
export function whyOf(ending: Ending, noise = ""): string {
  const said = plainLine(ending.stderr) || plainLine(noise);
  if (said !== "") return said.replace(/\.$/, "");
  return ending.code === null ? "ssh was killed" : `ssh exited with code ${ending.code} and printed nothing`;
}

function sign(pattern: RegExp, reason: UnreachableReason, next: string): Sign {
  return { seen: (stderr) => pattern.test(stderr), reason, what: UNREACHABLE, next: () => next };
}

function isAboutKeyOf(target: Target, stderr: string): boolean {
  return (
    stderr.includes(`ost key for ${target.name} has changed`) ||
    stderr.includes(`host key is known for ${target.name} and`)
  );
}

/**
 * Whether a proxy has failed. In this case, the output contains the proxy's own messages, followed by ssh's message
 * that the connection was closed.
 */
function isFromProxy(stderr: string): boolean {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const closed = /^(kex_exchange_identification|banner exchange): |UNKNOWN port 65535/;
  return lines.some((line) => closed.test(line)) && lines.some((line) => !closed.test(line));
}

/** Returns the name by which the user's own ssh knows a host. */
function knownAs({ address, port }: Target): string {
  return port === undefined || port === 22 ? address : `'[${address}]:${port}'`;
}

function pinnedIn(target: Target): string {
  return target.pinnedIn ?? "the file that pins it";
}

function manually(target: Target): string {
  return `npx fleet ssh ${target.name}`;
}
