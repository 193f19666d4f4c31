import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { userEnvironment } from "../base/user-environment.ts";
import { lineSplitter } from "./line-splitter.ts";

/** The result of an ssh process that has ended. */
export interface Ending {
  /**
   * The exit code. The code 255 is from ssh itself. Any other code is from the remote program. Null if a signal ended
   * ssh, or if ssh could not be started.
   */
  readonly code: number | null;
  /** The last part of the process's output on stderr. */
  readonly stderr: string;
  /** Whether the process was killed because the run was cancelled. */
  readonly cancelled: boolean;
}

/** A running ssh process. It sends text to a host, and receives lines of text from the host. */
export interface Channel {
  /** Sets the function that is called with each line that arrives after this call. */
  onLine(handler: (line: string) => void): void;
  /** Sends text to the host. Text is dropped if the process has already ended. */
  write(text: string): void;
  /** Sends the bytes of a stream, as fast as the host reads them. Resolves early if the connection ends. */
  send(bytes: Readable): Promise<void>;
  /** Closes the stdin of the process. If the process does not exit by itself, it is killed. */
  close(): Promise<void>;
  kill(): void;
  /** Resolves when the process has ended for any reason. */
  readonly ended: Promise<Ending>;
}

const STDERR_KEPT = 8 * 1024;
/**
 * The time in milliseconds in which the last output of an ended process arrives. Before OpenSSH 8.7, a shared
 * connection that stays open also keeps stderr open.
 */
const LAST_OUTPUT = 200;
/** Messages of ssh about a shared connection. They never say why a host is unreachable. */
const ABOUT_SHARING = /^(mux_|ControlSocket |Control socket ).*\n?/gm;
/** The time in milliseconds that a process has to exit before it gets a stronger signal. */
const GRACE = 2000;

/** Starts `ssh` with these arguments. The process is killed when `signal` is aborted. */
export function openChannel(args: readonly string[], signal?: AbortSignal): Channel {
  // ssh runs in a separate process group, so that Ctrl-C in the terminal does not interrupt the work on the host.
  const child = spawn("ssh", args, { stdio: "pipe", env: sshEnvironment(), detached: true });
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
  // A lost connection breaks the pipe. The error of the pipe can be ignored, because `ended` reports the reason.
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

/** Returns the environment for ssh. ssh and the programs in ssh_config must not see passphrases and tokens. */
export function sshEnvironment(): NodeJS.ProcessEnv {
  return userEnvironment(process.env, /^(PULUMI|DIGITALOCEAN)_|^MUSTER_RUN_KEY$/);
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
    child.once("close", (code) => resolve({ code, stderr: stderr.replace(ABOUT_SHARING, "") }));
    child.once("exit", () => setTimeout(() => child.stderr.destroy(), LAST_OUTPUT).unref());
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
