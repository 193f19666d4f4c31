/** The output streams. Results go to `out`, everything else to `err`; neither changes the text. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whether `out` is a terminal. */
  readonly terminal: boolean;
  /** Whether `out` is closed, such as a pipe whose reader has ended. */
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

/** One command of `fleet`: a file in commands/ and a line in registry.ts. */
export interface CommandDefinition {
  /** The command's name and arguments in commander's syntax: `ssh <host> [command...]`. */
  readonly usage: string;
  readonly summary: string;
  /** Descriptions by flags: `{"--host <name>": "only this host"}`. */
  readonly options: Readonly<Record<string, string>>;
  /**
   * @returns all exit codes that apply; an empty list means clean
   * @throws MusterError if the command as a whole failed
   */
  run(given: CommandInput): Promise<readonly number[]>;
}
