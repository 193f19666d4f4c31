import { setTimeout as sleep } from "node:timers/promises";
import { MARKER } from "../../model/protocol.ts";
import { HostError, type UnreachableReason } from "../../transport/host-error.ts";
import { open } from "../../transport/open.ts";
import { scriptSteps } from "../../transport/script-steps.ts";
import type { Target } from "../../transport/target.ts";

/** What a machine looks like that still boots, or whose first boot did not let our key in yet. */
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
/** Seconds that a host which answers takes for a few lines. */
const ANSWER = 30;

/**
 * Waits until a host lets us in, and gives all its public keys. One that has none pinned is believed the key that it
 * shows on this contact, and no other ever after.
 *
 * @param seconds how long it may take to boot
 * @param progress told once, where it does not answer at once
 * @throws HostError with the last reason where it does not let us in by then; "key-changed" at once where its key is not the pinned
 *   one, or is none of those that it says are its own
 */
export async function firstContact(
  target: Target,
  seconds: number,
  progress: (line: string) => void,
): Promise<string[]> {
  const deadline = Date.now() + seconds * 1000;
  for (let attempt = 1; ; attempt++) {
    try {
      return await meet(target);
    } catch (error) {
      const isBooting = error instanceof HostError && BOOTING.includes(error.reason);
      if (!isBooting || Date.now() + PAUSE > deadline) throw isBooting ? neverCame(error, seconds) : error;
      if (attempt === 1) progress(`waiting until ${target.name} lets us in at ${target.address}`);
      await sleep(PAUSE);
    }
  }
}

/**
 * The key of this contact, and those that the host would show to others.
 *
 * @throws HostError where it does not let us in, or shows a key that is none of its own
 */
export async function meet(target: Target): Promise<string[]> {
  const { channel, target: met } = await open(target, "shell", { learnHostKey: () => undefined });
  try {
    const step = scriptSteps(channel, target, "its host keys cannot be read");
    const answer = await step(ANSWER, () => channel.write(SCRIPT));
    const own = answer.split(",").flatMap((line) => /^[\w@.-]+ [\w+/=]+$/.exec(line.trim())?.[0] ?? []);
    const shown = met.hostKeys;
    if (own.length > 0 && !shown.some((key) => own.includes(key))) throw foreign(target);
    return target.hostKeys.length > 0 ? [...target.hostKeys] : [...new Set([...shown, ...own])];
  } finally {
    channel.kill();
  }
}

const SCRIPT = `keys=$(cat /etc/ssh/ssh_host_*_key.pub 2>/dev/null | cut -d" " -f1,2 | tr "\\n" ","); echo "${MARKER}$keys"\n`;

function neverCame({ host, reason, what, why }: HostError, seconds: number): HostError {
  const next =
    reason === "authentication"
      ? "Check that `identityFile`, or your ssh-agent, has the private half of one of `cloud.keys`."
      : "Look at its console at cloud.digitalocean.com, and check that `cloud.sshFrom` has this machine's address.";
  const waited = `${why} ${seconds} s were waited for it.`;
  return new HostError({ host, reason, what, why: waited, next: `${next} Then \`npx pulumi up\` goes on.` });
}

function foreign({ name, address }: Target): HostError {
  return new HostError({
    host: name,
    reason: "key-changed",
    what: "it was refused, because the key that it showed is none of its own",
    why: `what answers at ${address} has other keys in /etc/ssh: something stands in between.`,
    next: "Find out what, before you go on.",
  });
}
