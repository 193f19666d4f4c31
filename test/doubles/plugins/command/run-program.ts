import { execa } from "execa";
import type { Call } from "../serve/plugin.ts";
import type { Json, Properties } from "../serve/values.ts";
import { type CommandOutput, isLogged } from "./command-type.ts";

/**
 * Runs a program, and shows its output while it runs. If the program fails, the error has the complete output.
 *
 * @param shownCommand the command's name in errors
 */
export async function runShown(
  program: readonly [string, ...string[]],
  shownCommand: string,
  state: Properties,
  call: Call,
  options: { env?: Readonly<Record<string, string>>; cwd?: string },
): Promise<CommandOutput> {
  const [file, ...args] = program;
  const child = execa(file, args, {
    ...options,
    input: String(state["stdin"] ?? ""),
    all: true,
    reject: false,
    stripFinalNewline: true,
    cancelSignal: call.signal,
  });
  const lines = [logged(child.iterable({ from: "stdout" }), state["logging"], "stdout", call)];
  lines.push(logged(child.iterable({ from: "stderr" }), state["logging"], "stderr", call));
  const { exitCode, stdout, stderr, all } = await child;
  await Promise.all(lines);
  if (exitCode === 0) return { stdout, stderr };
  throw new Error(`Process exited with status ${exitCode}: running ${JSON.stringify(shownCommand)}:\n${all}`);
}

async function logged(
  lines: AsyncIterable<unknown>,
  logging: Json,
  stream: "stdout" | "stderr",
  call: Call,
): Promise<void> {
  for await (const line of lines) if (isLogged(logging, stream)) call.log("info", String(line));
}

/** Returns the variables with which the vendor's plugin passes on the previous run's output. */
export function previousOutput(state: Properties): Record<string, string> {
  if (state["addPreviousOutputInEnv"] === false) return {};
  const named = { PULUMI_COMMAND_STDOUT: state["stdout"], PULUMI_COMMAND_STDERR: state["stderr"] };
  return Object.fromEntries(
    Object.entries(named).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}
