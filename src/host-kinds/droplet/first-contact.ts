import { setTimeout as sleep } from "node:timers/promises";
import { MARKER } from "../../model/protocol.ts";
import { HostError, type UnreachableReason } from "../../transport/host-error.ts";
import { open } from "../../transport/open.ts";
import { scriptSteps } from "../../transport/script-steps.ts";
import type { Target } from "../../transport/target.ts";

/** The errors that are expected while a machine boots, or before its first boot has installed our key. */
const BOOTING: readonly UnreachableReason[] = [
  "timeout",
  "refused",
  "no-route",
  "unreachable",
  "cut",
  "no-answer",
  "authentication",
];
/** Milliseconds between two attempts. */
const PAUSE = 2000;
/** Seconds that a connected host has to print its host keys. */
const ANSWER = 30;

/**
 * Waits until a host accepts our login, and returns all its public host keys. If no key is pinned, the key
 * that the host shows on this contact is trusted.
 *
 * @param seconds how long the host may take to boot
 * @param progress called once if the host does not answer immediately
 * @throws HostError with the last reason if the host does not accept the login in time; with "key-changed"
 *   immediately if the host shows a key that is not pinned, or that is not in its own /etc/ssh
 */
export async function firstContact(
  target: Target,
  seconds: number,
  progress: (line: string) => void,
): Promise<string[]> {
  const deadline = Date.now() + seconds * 1000;
  for (let attempt = 1; ; attempt++) {
    try {
      return await contactHost(target);
    } catch (error) {
      const isBooting = error instanceof HostError && BOOTING.includes(error.reason);
      if (!isBooting || Date.now() + PAUSE > deadline) throw isBooting ? bootTimeout(error, seconds) : error;
      if (attempt === 1) progress(`waiting until ${target.name} accepts our login at ${target.address}`);
      await sleep(PAUSE);
    }
  }
}

/**
 * Connects to a host once, and returns its public host keys: the one that it shows, and all that are in its
 * /etc/ssh.
 *
 * @throws HostError if the host does not accept the login, or shows a key that is not in its /etc/ssh
 */
export async function contactHost(target: Target): Promise<string[]> {
  const { channel, target: met } = await open(target, "shell", { learnHostKey: () => undefined });
  try {
    const step = scriptSteps(channel, target, "its host keys cannot be read");
    const answer = await step(ANSWER, () => channel.write(SCRIPT));
    const own = answer.split(",").flatMap((line) => /^[\w@.-]+ [\w+/=]+$/.exec(line.trim())?.[0] ?? []);
    const shown = met.hostKeys;
    if (own.length > 0 && !shown.some((key) => own.includes(key))) throw foreignKey(target);
    return target.hostKeys.length > 0 ? [...target.hostKeys] : [...new Set([...shown, ...own])];
  } finally {
    channel.kill();
  }
}

const SCRIPT = `keys=$(cat /etc/ssh/ssh_host_*_key.pub 2>/dev/null | cut -d" " -f1,2 | tr "\\n" ","); echo "${MARKER}$keys"\n`;

function bootTimeout({ host, reason, what, why }: HostError, seconds: number): HostError {
  const next =
    reason === "authentication"
      ? "Check that `identityFile` or your ssh-agent has the private key for one of `cloud.keys`."
      : "Check its console at cloud.digitalocean.com, and that `cloud.sshFrom` contains this machine's address.";
  const waited = `${why} Muster waited ${seconds} s.`;
  return new HostError({
    host,
    reason,
    what,
    why: waited,
    next: `${next} Then run \`npx pulumi up\` again.`,
  });
}

function foreignKey({ name, address }: Target): HostError {
  return new HostError({
    host: name,
    reason: "key-changed",
    what: "the connection is refused, because the host showed a key that is not its own",
    why: `the machine at ${address} has other keys in /etc/ssh, so something intercepts the connection.`,
    next: "Find out what intercepts it before you continue.",
  });
}
