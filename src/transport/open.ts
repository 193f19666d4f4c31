import { type Channel, openChannel } from "./channel.ts";
import { nextMarked } from "./handshake.ts";
import { HostError } from "./host-error.ts";
import { type KnownHosts, knownHosts } from "./known-hosts.ts";
import { type RemoteDirs, type RemoteProgram, remoteCommand } from "./remote-command.ts";
import { channelArguments } from "./ssh.ts";
import { trace } from "./ssh-trace.ts";
import type { Target } from "./target.ts";

export interface OpenOptions {
  /** Allows a first contact: takes the public keys of a host that has none pinned. Only for `up`. */
  readonly learnHostKey?: ((keys: string[]) => void) | undefined;
  /** Ends the connection when the run is cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Where things lie on the host; for tests. */
  readonly dirs?: RemoteDirs | undefined;
}

/** A connection whose host has spoken. */
export interface Opened {
  readonly channel: Channel;
  /** The host's first answer, without MARKER. */
  readonly answer: string;
  /** The target, with the keys that were learnt on this contact. */
  readonly target: Target;
}

/**
 * Connects and starts one of our programs on the host. At most `connectTimeout` passes until it speaks.
 *
 * @throws HostError when nothing of ours is heard
 */
export async function open(target: Target, program: RemoteProgram, options: OpenOptions): Promise<Opened> {
  const { learnHostKey } = options;
  const isFirstContact = target.hostKeys.length === 0;
  if (isFirstContact && learnHostKey === undefined) throw neverMet(target);
  trace({ host: target.name, op: "connect" });
  const known = knownHosts(target);
  const command = remoteCommand(program, options.dirs);
  const channel = openChannel(channelArguments(target, known.path, isFirstContact, command), options.signal);
  try {
    const answer = await nextMarked(channel, target, target.connectTimeout);
    return { channel, answer, target: isFirstContact ? met(target, known, learnHostKey) : target };
  } catch (error) {
    channel.kill();
    throw error;
  } finally {
    known.remove();
  }
}

function met(target: Target, known: KnownHosts, learnHostKey: OpenOptions["learnHostKey"]): Target {
  const hostKeys = known.keys();
  learnHostKey?.(hostKeys);
  return { ...target, hostKeys };
}

function neverMet(target: Target): HostError {
  return new HostError({
    host: target.name,
    reason: "key-unknown",
    what: "it was not contacted",
    why: "no host key is pinned for it, and only `npx pulumi up` may learn one.",
    next: target.gate
      ? "Take stacks/inventory.yaml as the platform's `npx pulumi up` wrote it."
      : "Run `npx pulumi up`.",
  });
}
