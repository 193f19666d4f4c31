import { setTimeout as sleep } from "node:timers/promises";
import { MARKER } from "../model/protocol.ts";
import { HostError, type UnreachableReason } from "../transport/host-error.ts";
import { scriptSteps } from "../transport/script-steps.ts";
import { open } from "../transport/start-remote-program.ts";
import type { Target } from "../transport/target.ts";

/**
 * The errors that are expected while a machine boots, and until its first boot has installed Muster's public
 * key.
 */
const BOOTING: readonly UnreachableReason[] = [
  "timeout",
  "refused",
  "no-route",
  "unreachable",
  "cut",
  "no-answer",
  "authentication",
];
/** For one host kind, sentences that say what a user should check if a host does not accept the login. */
export interface ContactHints {
  /** Printed if the host refuses the login. */
  readonly login: string;
  /** Printed if the host does not answer. */
  readonly network: string;
}

/** The time in milliseconds between two attempts. */
const PAUSE = 2000;
/** The maximum time in seconds for a connected host to print its host keys. */
const ANSWER = 30;

/**
 * Waits until a host accepts Muster's login, and returns the public keys of the host. If no key is pinned, trusts the
 * key that the host presents.
 *
 * @param seconds the maximum time to wait
 * @param progress called once if the host does not answer immediately
 * @param hints what a user should check if the host does not accept the login in time
 * @throws HostError with the reason of the last attempt if the host does not accept the login in time. If the
 *   host presents a key that is not pinned, or that is not in its /etc/ssh, throws immediately with
 *   "key-changed".
 */
export async function firstContact(
  target: Target,
  seconds: number,
  progress: (line: string) => void,
  hints: ContactHints,
): Promise<string[]> {
  const deadline = Date.now() + seconds * 1000;
  for (let attempt = 1; ; attempt++) {
    try {
      return await contactHost(target);
    } catch (error) {
      const isBooting = error instanceof HostError && BOOTING.includes(error.reason);
      if (!isBooting || Date.now() + PAUSE > deadline)
        throw isBooting ? bootTimeout(error, seconds, hints) : error;
      if (attempt === 1) progress(`waiting until ${target.name} accepts the login at ${target.address}`);
      await sleep(PAUSE);
    }
  }
}

/**
 * Connects to a host once, and returns the pinned keys of the host. If no keys are pinned, returns the key that the
 * host presents and all keys in its /etc/ssh.
 *
 * @throws HostError if the host does not accept the login, or presents a key that is not in its /etc/ssh
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

function bootTimeout(
  { host, reason, what, why }: HostError,
  seconds: number,
  hints: ContactHints,
): HostError {
  const next = reason === "authentication" ? hints.login : hints.network;
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
    what: "the connection was rejected because the host presented a key that is not its own",
    why: `the machine at ${address} has other keys in /etc/ssh, so something intercepts the connection.`,
    next: "Find out what intercepts the connection before you continue.",
  });
}
