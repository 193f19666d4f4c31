import { HostError, RuntimeError } from "./host-error.ts";
import { parseHello, refuseTooNew, refuseTooOld, runs } from "./host-version.ts";
import { install } from "./install.ts";
import { type Opened, type OpenOptions, open } from "./open.ts";
import { ABSENT, REMOTE_DIRS } from "./remote-command.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import { openSession, type Session } from "./session.ts";
import type { Target } from "./target.ts";

/**
 * Connects to the runtime that is installed, whichever bundle that is.
 *
 * @param program "look" for a runtime that refuses every changing request, "serve" for one that may write later
 * @throws HostError; RuntimeError "nothing-installed", "too-old" or "too-new"
 */
export async function openReading(
  target: Target,
  program: "look" | "serve",
  options: OpenOptions,
): Promise<Session> {
  const opened = await open(target, program, options);
  return closingOnError(opened, async () => {
    if (opened.answer.startsWith(ABSENT)) throw nothingInstalled(target);
    const hello = parseHello(target, opened.answer);
    refuseTooOld(target, hello);
    refuseTooNew(target, hello);
    return openSession(opened.channel, opened.target, hello);
  });
}

/**
 * Connects to the wanted runtime, and installs it first where the host has none, another or a broken one.
 *
 * @throws HostError; RuntimeError "too-new" or "install"
 */
export async function openWriting(
  target: Target,
  runtime: RuntimeFiles,
  options: OpenOptions,
): Promise<Session> {
  if (target.gate) return openGate(target, runtime, options);
  const opened = await openServing(target, options);
  if (opened.answer.startsWith(ABSENT)) return installing(opened, runtime, options);
  const hello = await closingOnError(opened, async () => parseHello(target, opened.answer));
  if (runs(hello, runtime)) return openSession(opened.channel, opened.target, hello);
  await opened.channel.close();
  refuseTooNew(target, hello);
  return installing(await open(opened.target, "shell", options), runtime, options);
}

/** Through a gate the wanted runtime must be there already. */
async function openGate(target: Target, runtime: RuntimeFiles, options: OpenOptions): Promise<Session> {
  const session = await openReading(target, "serve", { ...options, learnHostKey: undefined });
  if (runs(session.hello, runtime)) return session;
  await session.close();
  throw new RuntimeError({
    host: target.name,
    reason: "too-old",
    what: "the runtime there is not this muster's",
    why: `it is ${session.hello.bundle}, not ${runtime.bundleHash}, and only the platform's stack installs one.`,
    next: "Use the version of muster that the platform uses, and run its `npx pulumi up`.",
  });
}

/** The runtime's channel, or a root shell's where there is no runtime or it does not start. */
async function openServing(target: Target, options: OpenOptions): Promise<Opened> {
  try {
    return await open(target, "serve", options);
  } catch (error) {
    if (error instanceof HostError && error.reason === "no-answer") return open(target, "shell", options);
    throw error;
  }
}

async function installing(opened: Opened, runtime: RuntimeFiles, options: OpenOptions): Promise<Session> {
  const { channel, target } = opened;
  return closingOnError(opened, async () => {
    const arch = opened.answer.slice(ABSENT.length).trim();
    const answer = await install(channel, target, arch, runtime, options.dirs ?? REMOTE_DIRS);
    return openSession(channel, target, parseHello(target, answer));
  });
}

async function closingOnError<T>({ channel }: Opened, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    channel.kill();
    throw error;
  }
}

function nothingInstalled(target: Target): RuntimeError {
  return new RuntimeError({
    host: target.name,
    reason: "nothing-installed",
    what: "nothing of ours is here yet",
    why: "the host runtime is not installed.",
    next: "Run `npx pulumi up`.",
  });
}
