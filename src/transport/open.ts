import { type Channel, openChannel } from "./channel.ts";
import { nextMarked } from "./handshake.ts";
import { HostError } from "./host-error.ts";
import { type KnownHosts, knownHosts } from "./known-hosts.ts";
import { type RemoteDirs, type RemoteProgram, remoteCommand } from "./remote-command.ts";
import { channelArguments } from "./ssh.ts";
import { trace } from "./ssh-trace.ts";
import type { Target } from "./target.ts";

export interface OpenOptions {
  /**
   * Called with a host's keys on the first contact. If it is left out, hosts without pinned keys are not
   * contacted. Only `up` and `import` set it.
   */
  readonly learnHostKey?: ((keys: string[]) => void) | undefined;
  /** Ends the connection when it is aborted. Set only in runs that the engine can cancel. */
  readonly signal?: AbortSignal | undefined;
  /** Paths on the host to use instead of REMOTE_DIRS. Only tests set this. */
  readonly dirs?: RemoteDirs | undefined;
}

/** A connection to a host that has sent its first answer. */
export interface Opened {
  readonly channel: Channel;
  /** The host's first answer, without MARKER. */
  readonly answer: string;
  /** The target, which now includes any host keys that were learned on first contact. */
  readonly target: Target;
}

/**
 * Connects, starts a program on the host, and waits at most `connectTimeout` seconds for its first answer.
 *
 * @throws HostError if the host cannot be reached or the program does not answer
 */
export async function open(target: Target, program: RemoteProgram, options: OpenOptions): Promise<Opened> {
  const { learnHostKey } = options;
  const isFirstContact = target.hostKeys.length === 0;
  if (isFirstContact && learnHostKey === undefined) throw noPinnedKey(target);
  trace({ host: target.name, op: "connect" });
  const known = knownHosts(target);
  const command = remoteCommand(program, options.dirs);
  const channel = openChannel(channelArguments(target, known.path, isFirstContact, command), options.signal);
  try {
    const answer = await nextMarked(channel, target, target.connectTimeout);
    return { channel, answer, target: isFirstContact ? learnKeys(target, known, learnHostKey) : target };
  } catch (error) {
    channel.kill();
    throw error;
  } finally {
    known.remove();
  }
}

function learnKeys(target: Target, known: KnownHosts, learnHostKey: OpenOptions["learnHostKey"]): Target {
  const hostKeys = known.keys();
  learnHostKey?.(hostKeys);
  return { ...target, hostKeys };
}

function noPinnedKey(target: Target): HostError {
  return new HostError({
    host: target.name,
    reason: "key-unknown",
    what: "it was not contacted",
    why: "no host key is pinned for it, and only `npx pulumi up` can pin one.",
    next: target.gate
      ? "Use the stacks/inventory.yaml that `npx pulumi up` wrote for the platform's stack."
      : "Run `npx pulumi up`.",
  });
}
