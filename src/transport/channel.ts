import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { lineSplitter } from "./line-splitter.ts";

/** How an ssh process ended. */
export interface Ending {
  /** The exit code; 255 is ssh's own, any other the remote program's; null after a signal. */
  readonly code: number | null;
  /** The end of what it said on stderr. */
  readonly stderr: string;
  /** It was ended because the run was cancelled. */
  readonly cancelled: boolean;
}

/** A running ssh: text goes in, lines come out. */
export interface Channel {
  /** Sets who gets the lines from now on. */
  onLine(handler: (line: string) => void): void;
  /** What is written after the end is dropped; `ended` tells. */
  write(text: string): void;
  /** Sends a stream's bytes, as fast as the host takes them; resolves early when the host is gone. */
  send(bytes: Readable): Promise<void>;
  /** Tells the other side that nothing more comes; ends it by force if it does not go by itself. */
  close(): Promise<void>;
  kill(): void;
  readonly ended: Promise<Ending>;
}

const STDERR_KEPT = 8 * 1024;
/** Milliseconds that a process is given to end by itself. */
const GRACE = 2000;

/** Starts `ssh` with these arguments. A signal that is aborted ends it. */
export function openChannel(args: readonly string[], signal?: AbortSignal): Channel {
  // In a process group of its own: a Ctrl-C at the terminal must not cut what the host is doing.
  const child = spawn("ssh", args, { stdio: "pipe", env: environment(), detached: true });
  const kill = () => {
    child.stdout.destroy();
    killSoon(child);
  };
  signal?.addEventListener("abort", kill, { once: true });
  const ended = endingOf(child).then((ending) => {
    signal?.removeEventListener("abort", kill);
    return { ...ending, cancelled: signal?.aborted ?? false };
  });
  let handler: (line: string) => void = () => {};
  const split = lineSplitter((line) => handler(line));
  child.stdout.on("data", (chunk: Buffer) => split(chunk) || kill());
  // A host that went away breaks the pipe; how it ended is told by `ended`.
  child.stdin.on("error", () => {});
  if (signal?.aborted) kill();
  return {
    onLine: (next) => {
      handler = next;
    },
    write: (text) => {
      if (child.stdin.writable) child.stdin.write(text);
    },
    send: (bytes) => pipeline(bytes, child.stdin, { end: false }).catch(() => {}),
    close: () => closeOf(child, ended),
    kill,
    ended,
  };
}

/**
 * Without what is Pulumi's or a cloud's, such as passphrase and token: ssh and the programs of ssh_config need none
 * of it. With the user's own agent, where the engine has one for the vendor's commands.
 */
function environment(): NodeJS.ProcessEnv {
  const { MUSTER_SSH_AUTH_SOCK: users, ...all } = process.env;
  const own = Object.entries(all).filter(([name]) => !/^(PULUMI|DIGITALOCEAN)_/.test(name));
  const env = Object.fromEntries(own);
  if (users === undefined) return env;
  const { SSH_AUTH_SOCK: _, ...without } = env;
  return users === "" ? without : { ...without, SSH_AUTH_SOCK: users };
}

function endingOf(child: ChildProcessWithoutNullStreams): Promise<Omit<Ending, "cancelled">> {
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  return new Promise((resolve) => {
    child.once("error", (error) =>
      resolve({ code: null, stderr: `ssh cannot be started: ${error.message}` }),
    );
    child.once("close", (code) => resolve({ code, stderr }));
  });
}

async function closeOf(child: ChildProcessWithoutNullStreams, ended: Promise<unknown>): Promise<void> {
  child.stdin.end();
  const timer = setTimeout(() => killSoon(child), GRACE);
  await ended;
  clearTimeout(timer);
}

function killSoon(child: ChildProcessWithoutNullStreams): void {
  if (child.killed) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE);
  timer.unref();
  child.once("close", () => clearTimeout(timer));
}
