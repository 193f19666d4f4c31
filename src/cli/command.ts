/** Results go to `out`, everything else to `err`; both are written as they are. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whether a person watches `out` on a terminal. */
  readonly terminal: boolean;
  /** Whether the reader of `out` has gone. */
  closed(): boolean;
}

export interface Given {
  /** By long flag in camel case: `--dry-run` is `dryRun`. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly args: readonly string[];
  readonly io: Io;
  /** Every command there is. */
  commands(): Promise<readonly CommandDefinition[]>;
}

/** One command of `fleet`: a file in commands/ and a line in registry.ts. */
export interface CommandDefinition {
  /** Its name and arguments as commander reads them: `ssh <host> [command...]`. */
  readonly usage: string;
  readonly summary: string;
  /** Descriptions by flags: `{"--host <name>": "only this host"}`. */
  readonly options: Readonly<Record<string, string>>;
  /**
   * @returns every exit code that holds; none means clean
   * @throws MusterError for what went wrong as a whole
   */
  run(given: Given): Promise<readonly number[]>;
}
