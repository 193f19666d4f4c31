import { type Answered, dial } from "./dial.ts";
import { HostError } from "./host-error.ts";
import { type KnownHosts, knownHosts } from "./known-hosts.ts";
import { type RemoteDirs, type RemoteProgram, remoteCommand } from "./remote-command.ts";
import { trace } from "./request-trace.ts";
import type { Target } from "./target.ts";
import { keysKnownToUser } from "./user-known-hosts.ts";

export interface OpenOptions {
  /**
   * Called with the keys of a host during the first contact. If absent, hosts without pinned keys are not contacted.
   * Only `up` and `import` set this function.
   */
  readonly learnHostKey?: ((keys: string[]) => void) | undefined;
  /** When this signal is aborted, the connection ends. Set only in runs that the engine can cancel. */
  readonly signal?: AbortSignal | undefined;
  /** Paths on the host to use instead of REMOTE_DIRS. Only tests set this. */
  readonly dirs?: RemoteDirs | undefined;
}

/** A connection to a host that has sent its first answer. */
export interface Opened extends Answered {
  /** The target, including the host keys that were learned during a first contact. */
  readonly target: Target;
}

/**
 * Connects to a host and starts a program on it. Waits at most `connectTimeout` seconds for the first answer
 * of the program.
 *
 * @throws HostError if the host is unreachable or the program does not answer
 */
export async function open(target: Target, program: RemoteProgram, options: OpenOptions): Promise<Opened> {
  const { learnHostKey } = options;
  const isFirstContact = target.hostKeys.length === 0;
  if (isFirstContact && learnHostKey === undefined) throw noPinnedKey(target);
  const met = isFirstContact ? await withUsersKeys(target) : target;
  trace({ host: target.name, op: "connect" });
  const known = knownHosts(met);
  try {
    const opened = await dial(met, known.path, remoteCommand(program, options.dirs), options.signal);
    return { ...opened, target: isFirstContact ? learnKeys(target, known, learnHostKey) : target };
  } finally {
    known.remove();
  }
}

/**
 * Returns a target with the keys that the user's ssh knows for this target. At the first contact with a machine that
 * Muster did not create, only these keys are accepted, so that no other machine can impersonate the target.
 */
async function withUsersKeys(target: Target): Promise<Target> {
  if (target.kind !== "ssh") return target;
  const hostKeys = await keysKnownToUser(target);
  return hostKeys.length === 0 ? target : { ...target, hostKeys, keysFrom: "known_hosts" };
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
