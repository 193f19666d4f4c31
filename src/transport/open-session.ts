import { HostError, RuntimeError } from "./host-error.ts";
import { parseHello, refuseTooNew, refuseTooOld, runs } from "./host-version.ts";
import { install } from "./install.ts";
import { ABSENT, REMOTE_DIRS } from "./remote-command.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import { openSession, type Session } from "./session.ts";
import { type Opened, type OpenOptions, open } from "./start-remote-program.ts";
import type { Target } from "./target.ts";

/**
 * Connects to the installed runtime, whatever its version is.
 *
 * @param program "look" starts a runtime that refuses all requests that change the host; "serve" also allows
 *   requests that change the host
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
 * Connects to the required runtime. First installs this runtime if the host has no runtime, a different version or a
 * broken runtime.
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

/**
 * Connects through a gate. A gate cannot install anything, so the required runtime must already be on the
 * host.
 */
async function openGate(target: Target, runtime: RuntimeFiles, options: OpenOptions): Promise<Session> {
  const session = await openReading(target, "serve", { ...options, learnHostKey: undefined });
  if (runs(session.hello, runtime)) return session;
  await session.close();
  throw new RuntimeError({
    host: target.name,
    reason: "too-old",
    what: "its runtime does not belong to this version of Muster",
    why: `the host has runtime ${session.hello.bundle}, not ${runtime.bundleHash}. Only the platform's stack can install another version.`,
    next: "Use the same version of Muster as the platform, and run `npx pulumi up` for the platform's stack.",
  });
}

/** Connects to the runtime, or to a root shell if there is no runtime or the runtime does not start. */
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
    what: "this host has not been set up yet",
    why: "the host runtime is not installed.",
    next: "Run `npx pulumi up`.",
  });
}
