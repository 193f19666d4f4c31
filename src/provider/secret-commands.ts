import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { InvalidError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import { userEnvironment } from "../base/user-environment.ts";
import { secretCommand } from "../model/secret-command.ts";
import type { ValuesOfRun } from "./values-of-run.ts";

/**
 * Returns the output of a command, which is a secret. @throws InvalidError with the exit status, but without any output
 */
export type SecretCommands = (command: string) => Secret;

/** The folder, the environment and the timeout with which commands run. */
export interface CommandPlace {
  /** The project's folder, in which the commands run. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly values: ValuesOfRun;
  /**
   * The number of milliseconds after which a command is killed. A command can wait until a person has entered a
   * passphrase.
   */
  readonly patience?: number;
}

/** The maximum size of a command's output in bytes. */
const MOST = 1024 * 1024;

/**
 * Returns a function that runs each command at most once, even if several agents need its value. The commands run one
 * after another, because each command can ask for the same passphrase.
 */
export function secretCommands(place: CommandPlace): SecretCommands {
  const known = new Map<string, Secret | InvalidError>();
  return (command) => {
    const result = known.get(command) ?? resultOf(command, place);
    known.set(command, result);
    if (result instanceof Secret) return result;
    throw result;
  };
}

function resultOf(command: string, place: CommandPlace): Secret | InvalidError {
  const kept = place.values.find(command);
  if (kept !== undefined) return new Secret(kept);
  const output = run(command, place);
  if ("why" in output) return noValue(command, output.why);
  place.values.keep(command, output.text);
  return new Secret(output.text);
}

function run(
  command: string,
  { folder, env, patience = 60_000 }: CommandPlace,
): { text: string } | { why: string } {
  const split = secretCommand(command, homedir());
  if ("flaw" in split) return { why: split.flaw };
  const [program = "", ...args] = split.words;
  // The command's output on stderr is not read, because it can contain parts of the secret.
  const { status, signal, stdout, error } = spawnSync(program, args, {
    ...{ cwd: folder, env: userEnvironment(env), stdio: ["ignore", "pipe", "ignore"] },
    ...{ timeout: patience, killSignal: "SIGKILL", maxBuffer: MOST },
  });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ETIMEDOUT") return { why: `has not ended within ${patience / 1000} s` };
  if (code === "ENOBUFS") return { why: "prints more than 1 MiB" };
  if (code !== undefined) return { why: `cannot be started (${code})` };
  if (status !== 0)
    return { why: `ended ${status === null ? `by ${signal}` : `with exit status ${status}`}` };
  return textOf(stdout);
}

/** Returns the output without a single trailing line end, which most programs add. */
function textOf(bytes: Buffer): { text: string } | { why: string } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text: text.replace(/\r?\n$/, "") };
  } catch {
    return { why: "does not print UTF-8 text" };
  }
}

function noValue(command: string, why: string): InvalidError {
  const what = `there is no value for exec:${command}`;
  return new InvalidError({ what, why: `it ${why}.`, next: "Run the command yourself to see its output." });
}
