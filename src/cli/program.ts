import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { packageRoot, projectDir } from "../base/muster-folders.ts";
import { visible } from "../base/terminal-text.ts";
import { formerPackageError, namesFormerPackage } from "../engine/former-package.ts";
import type { CommandDefinition, Io } from "./command.ts";
import { byPriority, EXIT, EXIT_TABLE, exitOf } from "./exit.ts";
import { loadCommands } from "./registry.ts";
import { safeJson } from "./render/text.ts";

/**
 * Runs `fleet` once.
 *
 * @param words the command line after the program's name
 * @returns the exit code; errors have been printed to `io.err`
 */
export async function runFleet(words: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.clean;
  try {
    const program = describeProgram(io);
    if (words[0] !== "init") warnAboutFormerPackage(io);
    for (const command of await loadCommands(words[0])) {
      addCommand(program, command, async (given) => {
        code = await runCommand(command, given, io);
      });
    }
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return printError(error, {}, io);
    return error.exitCode === 0 ? EXIT.clean : EXIT.invalid;
  }
  return code;
}

type Parsed = { readonly args: string[]; readonly options: Record<string, string | boolean | undefined> };

function describeProgram(io: Io): Command {
  return (
    new Command("fleet")
      .description("Keeps a fleet of AI agents as declared in fleet.yaml. `npx pulumi up` applies changes.")
      .version(version(), "--version")
      .option("--debug", "print the stack trace of an error")
      .addHelpText("afterAll", EXIT_TABLE)
      // Without the word `[options]`, the terms are short enough for descriptions in 80 columns.
      .configureHelp({ subcommandTerm: (command) => [command.name(), argumentsOf(command)].join(" ").trim() })
      .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
      .exitOverride()
  );
}

/** Returns the arguments of a command, such as `<name> [text]`. */
function argumentsOf({ registeredArguments }: Command): string {
  const words = registeredArguments.map((one) => {
    const name = `${one.name()}${one.variadic ? "..." : ""}`;
    return one.required ? `<${name}>` : `[${name}]`;
  });
  return words.join(" ");
}

function addCommand(program: Command, definition: CommandDefinition, run: (given: Parsed) => Promise<void>) {
  const command = program.command(definition.usage).description(definition.summary);
  for (const [flags, text] of Object.entries(definition.options)) command.option(flags, text);
  command.action(async (...given: unknown[]) => {
    const args = (given.slice(0, -2) as (string | string[] | undefined)[]).flat();
    await run({ args: args.filter((one) => one !== undefined), options: command.optsWithGlobals() });
  });
}

async function runCommand(command: CommandDefinition, given: Parsed, io: Io): Promise<number> {
  try {
    const codes = await command.run({ ...given, io, commands: () => loadCommands(undefined) });
    return byPriority(codes)[0];
  } catch (error) {
    return printError(error, given.options, io);
  }
}

/** Prints an error's message. The stack trace is printed only with `--debug` or MUSTER_DEBUG=1. */
function printError(error: unknown, options: Parsed["options"], io: Io): number {
  const code = exitOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (options["json"] === true) io.out(safeJson({ version: 1, exit: code, codes: [code], error: message }));
  io.err(`${message.split("\n").map(visible).join("\n")}\n`);
  const debug = options["debug"] === true || process.env["MUSTER_DEBUG"] === "1";
  if (debug && error instanceof Error) io.err(`${error.stack}\n`);
  return code;
}

/**
 * Warns if Pulumi.yaml names the former package. Only `pulumi` refuses such a project. The commands that only read
 * fleet.yaml and the hosts still work.
 */
function warnAboutFormerPackage(io: Io): void {
  const dir = projectDir();
  if (dir !== undefined && namesFormerPackage(dir)) io.err(`warning: ${formerPackageError().message}\n`);
}

function version(): string {
  const manifest = readFileSync(join(packageRoot(), "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
