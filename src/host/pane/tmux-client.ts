import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import { MusterError } from "../../base/errors.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import { type TmuxAnswer, tmuxLines } from "./tmux-lines.ts";

/** A control client of a tmux server. */
export interface TmuxClient {
  /**
   * Sends a command.
   *
   * @returns the lines of tmux's response
   * @throws MusterError if tmux refuses the command, if the client ends, or if no response arrives in time
   */
  ask(command: string): Promise<readonly string[]>;
  /** Ends the client. Resolves when the client has ended, or after a second. */
  close(): Promise<void>;
  /** Resolves when the client has ended. */
  readonly ended: Promise<void>;
}

/** The maximum number of milliseconds until a tmux server responds, and until a client ends by itself. */
const ANSWER_TIME = 10_000;
const END_TIME = 1000;

/** The maximum length in characters of the error output that is kept. */
const MOST_ERRORS = 2000;

/** A command to which tmux has not responded. */
interface Asked {
  readonly resolve: (lines: readonly string[]) => void;
  readonly reject: (error: MusterError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Starts a control client. The agent controls the client's output, so the output is only parsed.
 *
 * @param agent the agent's name, for errors
 */
export function startTmuxClient(agent: string, program: string, args: readonly string[]): TmuxClient {
  const child = spawn(program, args, { env: ENVIRONMENT, stdio: "pipe" });
  const asked: Asked[] = [];
  let failure: MusterError | undefined;
  const fail = (why: string) => {
    failure ??= new MusterError({ what: `the terminal of ${agent} cannot be read`, why });
    for (const { reject, timer } of asked.splice(0)) {
      clearTimeout(timer);
      reject(failure);
    }
    child.stdin.end();
  };
  const settle = ({ isError, lines }: TmuxAnswer) => {
    const one = asked.shift();
    if (one === undefined) return;
    clearTimeout(one.timer);
    if (isError) one.reject(refused(agent, lines));
    else one.resolve(lines);
  };
  const ended = endOf(child, fail);
  const take = tmuxLines(settle, () => fail("its tmux server has ended the connection."));
  const decoder = new StringDecoder("utf8");
  child.stdout.on("data", (bytes: Buffer) => take(decoder.write(bytes)));
  return {
    ask: (command) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        const timer = setTimeout(() => fail("its tmux server does not answer."), ANSWER_TIME);
        asked.push({ resolve, reject, timer });
        child.stdin.write(`${command}\n`);
      }),
    close: async () => {
      fail("the client was closed.");
      const timer = setTimeout(() => child.kill("SIGKILL"), END_TIME);
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, END_TIME + 100).unref())]);
      clearTimeout(timer);
    },
    ended,
  };
}

function endOf(child: ChildProcessWithoutNullStreams, fail: (why: string) => void): Promise<void> {
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-MOST_ERRORS);
  });
  child.stdin.on("error", () => {});
  return new Promise((resolve) => {
    const end = (why: string) => {
      fail(why);
      resolve();
    };
    child.once("error", (error) => end(`${child.spawnfile} cannot be started: ${error.message}.`));
    child.once("close", () => end(shown(errors.trim().split("\n").at(-1)) || "its tmux client has ended."));
  });
}

function refused(agent: string, lines: readonly string[]): MusterError {
  return new MusterError({
    what: `the terminal of ${agent}`,
    why: shown(lines.join(" ")) || "tmux refused a command",
  });
}
