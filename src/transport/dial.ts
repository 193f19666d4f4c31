import { existsSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Channel, openChannel } from "./channel.ts";
import { mayComeBack } from "./host-error.ts";
import { nextMarked } from "./marked-line.ts";
import { sharingOf } from "./shared-connection.ts";
import { channelArguments } from "./ssh-arguments.ts";
import type { Target } from "./target.ts";

/** A program on a host that has sent its first answer. */
export interface Answered {
  readonly channel: Channel;
  /** The first answer of the program, without MARKER. */
  readonly answer: string;
}

/**
 * An open connection that has lost its host is noticed only after a while. If nothing arrives from the host within this
 * part of the connect timeout, a new connection is opened too.
 */
const PATIENCE = 1 / 4;

/**
 * Starts a program on a host, over the connection that an earlier command has left open, or over a new one. Waits at
 * most about `connectTimeout` seconds for the first answer of the program.
 *
 * @param knownHostsFile the only file from which host keys are accepted. A target without keys gets its key there.
 * @throws HostError if the host is unreachable or the program does not answer
 */
export async function dial(
  target: Target,
  knownHostsFile: string,
  remoteCommand: string,
  signal: AbortSignal | undefined,
): Promise<Answered> {
  const started = Date.now();
  const shared = await sharingOf(target);
  const isOpen = shared !== undefined && existsSync(shared.socket);
  const start = (connectTimeout: number) => {
    const timed = { ...target, connectTimeout };
    const learn = target.hostKeys.length === 0;
    return attempt(timed, channelArguments(timed, { knownHostsFile, learn, shared, remoteCommand }), signal);
  };
  const first = start(target.connectTimeout);
  if (!isOpen) return first.answered;
  const patience = sleep(target.connectTimeout * PATIENCE * 1000, "silent", { ref: false });
  const sign = await Promise.race([first.works, first.answered, patience]).catch(ignoreIfLost);
  if (sign === "works") return first.answered;
  if (typeof sign === "object") return sign;
  // Without its socket, no other command uses the connection. Commands that already use it are not interrupted.
  rmSync(shared.socket, { force: true });
  const rest = target.connectTimeout - (Date.now() - started) / 1000;
  return firstToAnswer(first, start(Math.max(1, Math.floor(rest))));
}

interface Attempt {
  readonly channel: Channel;
  /** Resolves when anything has arrived from the host. */
  readonly works: Promise<"works">;
  readonly answered: Promise<Answered>;
}

function attempt(target: Target, args: readonly string[], signal: AbortSignal | undefined): Attempt {
  const channel = openChannel(args, signal);
  const { promise: works, resolve } = Promise.withResolvers<"works">();
  const answered = nextMarked(channel, target, target.connectTimeout, () => resolve("works")).then(
    (answer) => ({ channel, answer }),
    (error: unknown) => {
      channel.kill();
      throw error;
    },
  );
  return { channel, works, answered };
}

/** Ignores an error that can mean that only the open connection has lost the host. Throws all other errors. */
function ignoreIfLost(error: unknown): "silent" {
  if (!mayComeBack(error)) throw error;
  return "silent";
}

/** Returns the first answer, and ends the other attempt. If the new connection fails, its error counts. */
async function firstToAnswer(open: Attempt, fresh: Attempt): Promise<Answered> {
  let winner: Answered | undefined;
  try {
    winner = await Promise.race([open.answered.catch(() => fresh.answered), fresh.answered]);
    return winner;
  } finally {
    for (const { channel } of [open, fresh]) if (channel !== winner?.channel) channel.kill();
  }
}
