/** The output streams. Results go to `out`, and everything else goes to `err`. Both streams print texts unchanged. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whether `out` is a terminal. */
  readonly terminal: boolean;
  /** The number of columns of the terminal; absent if it is not known. */
  readonly columns?: number;
  /** Present if `out` is a terminal that shows colours and NO_COLOR is not set. */
  readonly isColoured?: boolean;
  /** Whether `out` is closed, for example because the program that reads a pipe has ended. */
  closed(): boolean;
}

export interface CommandInput {
  /** The options by their long flags in camel case: `--dry-run` is `dryRun`. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly args: readonly string[];
  readonly io: Io;
  /** Loads all commands. */
  commands(): Promise<readonly CommandDefinition[]>;
}

/** Returns the text of an option; undefined if the option is absent or has no text. */
export function textOption(option: string | boolean | undefined): string | undefined {
  return typeof option === "string" ? option : undefined;
}

/** One command of `fleet`. Each command has a file in commands/ and a line in registry.ts. */
export interface CommandDefinition {
  /** The command's name and arguments in the syntax of the package commander: `ssh <host> [command...]`. */
  readonly usage: string;
  readonly summary: string;
  /** The description of each option, by the option's flags: `{"--host <name>": "only this host"}`. */
  readonly options: Readonly<Record<string, string>>;
  /**
   * @returns all exit codes that apply; an empty list means clean
   * @throws MusterError if the entire command failed
   */
  run(given: CommandInput): Promise<readonly number[]>;
}
